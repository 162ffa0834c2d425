-- Which of our own messages do the Message-IDs :bracketed name, and which requests do they speak of? Grain: one row per
-- message and request; a message that speaks of none has one row.
SELECT DISTINCT trim(BOTH '<>' FROM o.message_id) AS message_id, o.subject, r.source, r.source_key
FROM outbox o
LEFT JOIN send_ledger l ON l.message = o.message
LEFT JOIN request r USING (request_number)
WHERE o.message_id = ANY(:bracketed)
ORDER BY 1, 3, 4
