-- Note that the findings of :family were compared as of :at; nothing is written for an instant noted already.
INSERT INTO finding_family AS f (family, seen_at) VALUES (:family, :at)
ON CONFLICT (family) DO UPDATE SET seen_at = excluded.seen_at WHERE f.seen_at < excluded.seen_at
