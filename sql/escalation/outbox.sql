-- What is in the outbox? Grain: one row per message, the newest first; :status NULL means all.
SELECT message, kind, recipient, subject, status, as_of, not_before, attempts, sent_at, last_error
FROM outbox
WHERE CAST(:status AS text) IS NULL OR status = :status
ORDER BY message DESC
LIMIT :limit
