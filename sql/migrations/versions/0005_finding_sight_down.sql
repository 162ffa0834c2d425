UPDATE finding f SET last_seen_at = s.seen_at FROM finding_seen s
WHERE s.finding_number = f.finding_number AND s.seen_at > f.last_seen_at;
DROP VIEW finding_seen;
DROP TABLE finding_family;
ALTER TABLE finding DROP COLUMN digest, DROP COLUMN unseen;
