-- Which records are requests the register has not met? They get their number here, oldest first.
-- The event inserted next fills in everything else.
INSERT INTO request (kind, source, source_key, title, status, raw, valid_at, recorded_at)
SELECT kind, :source, source_key, title, status, raw, valid_at, :known_at
FROM (SELECT DISTINCT ON (source_key) * FROM stage ORDER BY source_key, valid_at, row_no) AS first_seen
WHERE NOT EXISTS (SELECT FROM request r WHERE r.source = :source AND r.source_key = first_seen.source_key)
ORDER BY valid_at, row_no
