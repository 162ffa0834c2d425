-- Which requests of :source did a whole pull not bring, of which :keys is everything it brought?
-- Grain: one row per request. A request whose record is in quarantine was brought: its key is in :keys.
SELECT request_number, request_id, source_key, coalesce(risk_level, 'medium') AS severity, owner, source_url
FROM request
WHERE source = :source AND source_key <> ALL(CAST(:keys AS text[]))
ORDER BY request_number
