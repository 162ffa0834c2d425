-- What has been said in the threads :keys of :source? Grain: one row per message, registered ones first, each in the
-- order in which it became known.
SELECT source_key, raw, is_registered FROM (
    SELECT r.source_key, e.raw, true AS is_registered, e.event AS place
    FROM request r JOIN request_event e USING (request_number)
    WHERE r.source = :source AND r.source_key = ANY(:keys)
    UNION ALL
    SELECT source_key, raw, false, item FROM quarantine
    WHERE source = :source AND source_key = ANY(:keys) AND status = 'open' AND raw ->> 'class' = 'message'
) q
ORDER BY is_registered DESC, place
