-- Where are the listings of accounts and rules of the latest observation finished by :now, and are they complete?
-- Grain: one row per file, or per listing that failed.
SELECT d.dataset, s.location, d.path, d.status = 'COMPLETE' AS complete
FROM snapshot_dataset d JOIN snapshot s USING (snapshot_id)
WHERE d.dataset IN ('accounts', 'rules', 'evaluations')
  AND snapshot_id = (SELECT snapshot_id FROM snapshot WHERE status = 'complete' AND as_of <= :now
                     ORDER BY as_of DESC, snapshot_id DESC LIMIT 1)
ORDER BY d.dataset, d.path
