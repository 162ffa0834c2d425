-- A run in which no finding changed writes one row per family instead of every finding.
-- digest: of what the writer said, but not of which snapshot it was read from; NULL: compared in full next time.
-- unseen: open, but nothing fresh tells of it; last_seen_at then stands still. last_seen_at of any other open
-- finding is a lower bound: the view finding_seen has the instant.
ALTER TABLE finding
    ADD COLUMN digest text,
    ADD COLUMN unseen boolean NOT NULL DEFAULT false;

CREATE TABLE finding_family (
    family       text        PRIMARY KEY,
    seen_at      timestamptz NOT NULL                      -- latest instant its findings were compared as of
);
INSERT INTO finding_family (family, seen_at) SELECT family, max(last_seen_at) FROM finding GROUP BY family;
UPDATE finding f SET unseen = true FROM finding_family y
WHERE y.family = f.family AND f.status = 'open' AND f.last_seen_at < y.seen_at;

CREATE VIEW finding_seen AS
SELECT f.finding_number,
       CASE WHEN f.status = 'open' AND NOT f.unseen THEN greatest(f.last_seen_at, y.seen_at)
            ELSE f.last_seen_at END AS seen_at
FROM finding f LEFT JOIN finding_family y USING (family);
