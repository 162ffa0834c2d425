-- One message in full. Grain: one row, or none.
SELECT * FROM outbox WHERE message = :message
