-- Which requests of :source are known to have vanished from it? Grain: one row per open finding.
SELECT f.finding_key, r.source_key
FROM finding f JOIN request r USING (request_number)
WHERE f.family = :family AND f.status = 'open' AND r.source = :source
