-- What was anybody told about which request? Grain: ledger entry.
-- `is_on_its_way`: sent, or waiting for the end of the recipient's quiet hours.
SELECT r.source, r.source_key, l.clock, l.rung, l.recipient, o.status,
       coalesce(o.status = 'sent' OR (o.status = 'pending' AND o.not_before > o.as_of), false) AS is_on_its_way
FROM send_ledger l
JOIN request r USING (request_number)
LEFT JOIN outbox o USING (message)
ORDER BY l.request_number, l.reached_at
