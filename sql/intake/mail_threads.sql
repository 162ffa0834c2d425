-- What has been said in the threads :keys of :source? Grain: one row per message, registered ones first, each in the
-- order in which it became known.
SELECT source_key, raw, is_registered FROM (
    SELECT r.source_key, e.raw::jsonb AS raw, true AS is_registered, coalesce(m.place, 0) AS place
    FROM request r
    JOIN request_event e USING (request_number)
    LEFT JOIN mail_message m ON m.source = r.source AND m.message_id = e.raw::json ->> 'message_id'
                            AND m.content = e.raw::json ->> 'content'
    WHERE r.source = :source AND r.source_key = ANY(:keys)
    UNION ALL
    SELECT source_key, raw, false, item FROM quarantine
    WHERE source = :source AND source_key = ANY(:keys) AND status = 'open' AND raw ->> 'class' = 'message'
) q
ORDER BY is_registered DESC, place
