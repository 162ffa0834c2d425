-- Which complete listing of a dataset was taken after :since and before this snapshot? At most one row, the newest.
-- Columns: snapshot_id, region, path, sha256, row_count, evidence_at.
SELECT d.snapshot_id, d.region, d.path, d.sha256, d.row_count, d.evidence_at
FROM snapshot_dataset d JOIN snapshot s USING (snapshot_id)
WHERE d.service = :service AND d.dataset = :dataset AND d.account = '*' AND d.status = 'COMPLETE'
  AND d.path IS NOT NULL AND s.as_of < :as_of AND d.evidence_at > :since
ORDER BY d.evidence_at DESC, d.snapshot_id DESC
LIMIT 1
