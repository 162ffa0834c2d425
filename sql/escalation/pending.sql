-- How many messages are still to be sent, now or after quiet hours? Grain: one row.
SELECT count(*) FROM outbox WHERE status = 'pending'
