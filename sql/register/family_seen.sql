-- Note that the findings of :family were compared as of :at, what they rest on and what they add up to. Nothing is written
-- for what is noted already. Where nothing fresh tells of some that are open, what they rest on is not told.
INSERT INTO finding_family AS f (family, seen_at, basis, summary)
SELECT :family, :at, told.basis, CASE WHEN told.basis IS NOT NULL THEN CAST(:summary AS json) END
FROM (SELECT CASE WHEN CAST(:basis AS text) IS NULL THEN NULL
                  WHEN EXISTS (SELECT FROM finding WHERE family = :family AND status = 'open' AND unseen) THEN NULL
                  ELSE CAST(:basis AS text) END AS basis) told
ON CONFLICT (family) DO UPDATE
SET seen_at = greatest(f.seen_at, excluded.seen_at), basis = excluded.basis, summary = excluded.summary
WHERE f.seen_at < excluded.seen_at OR f.basis IS DISTINCT FROM excluded.basis
