-- Which messages were refused for good, and nobody was told so? Grain: one row per message.
-- The key of such a notice lists the messages it speaks of; notices about notices are not made.
SELECT o.message, o.recipient, o.subject, o.last_error, o.as_of
FROM outbox o
WHERE o.status = 'failed' AND NOT starts_with(o.message_key, 'undelivered ')
  AND NOT EXISTS (SELECT FROM outbox n WHERE starts_with(n.message_key, 'undelivered ')
                  AND o.message::text = ANY (string_to_array(substr(n.message_key, 13), ',')))
ORDER BY o.message
LIMIT 100
