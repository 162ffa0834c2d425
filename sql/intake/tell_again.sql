-- Keep today's reasons and mapping with item :item, which stays open.
UPDATE quarantine
SET reasons = CAST(:reasons AS jsonb), mapped = CAST(:mapped AS jsonb), source_key = :source_key
WHERE item = :item
