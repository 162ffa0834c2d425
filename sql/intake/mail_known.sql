-- In which threads of :source do the messages :ids lie, as far as they are registered or wait in quarantine?
-- Grain: one row per message and thread; a message that is registered comes before the same in quarantine.
SELECT message_id, source_key FROM (
    SELECT message_id, source_key, 0 AS place FROM mail_message WHERE source = :source AND message_id = ANY(:ids)
    UNION ALL
    SELECT source_key, source_key, 1 FROM request WHERE source = :source AND source_key = ANY(:ids)
    UNION ALL
    SELECT raw ->> 'message_id', source_key, 2 FROM quarantine
    WHERE source = :source AND status = 'open' AND raw ->> 'class' = 'message' AND source_key IS NOT NULL
      AND raw ->> 'message_id' = ANY(:ids)
) q
ORDER BY place, message_id, source_key
