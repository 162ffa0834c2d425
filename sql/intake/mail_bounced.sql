-- Mark our own message as failed that a bounce says was not delivered. Only what was sent before the bounce was
-- written (clocks may differ by ten minutes) can have bounced: one that was sent again since then stays sent.
UPDATE outbox
SET status = 'failed', sent_at = NULL, last_error = :why
WHERE message_id = :message_id AND status = 'sent' AND sent_at <= CAST(:at AS timestamptz) + interval '10 minutes'
  AND (CAST(:recipient AS text) IS NULL OR lower(recipient) = :recipient)
