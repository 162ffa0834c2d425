-- Note how the attempt to send :message ended: sent, pending (again next time) or failed.
UPDATE outbox
SET status = :status, attempts = attempts + 1, last_error = :error,
    sent_at = CASE WHEN :status = 'sent' THEN CAST(:now AS timestamptz) END
WHERE message = :message
