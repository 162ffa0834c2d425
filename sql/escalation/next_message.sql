-- Which message is to be sent next? The oldest whose quiet hours are over at :now, beyond :after, that no
-- other sender holds. The row stays locked until the transaction ends.
SELECT message, message_id, recipient, subject, body_text, body_html, as_of, attempts
FROM outbox
WHERE status = 'pending' AND not_before <= :now AND message > :after
ORDER BY message
LIMIT 1
FOR UPDATE SKIP LOCKED
