-- What is the latest snapshot of AWS, and how much of it is complete?
-- Grain: one row; none before the first snapshot. parts: datasets per account and region.
SELECT s.snapshot_id, s.as_of, s.status, count(d.snapshot_id) AS parts,
       count(*) FILTER (WHERE d.status = 'COMPLETE') AS complete
FROM snapshot s LEFT JOIN snapshot_dataset d ON d.snapshot_id = s.snapshot_id AND d.dataset <> 'evaluation_index'
WHERE s.as_of <= :as_of AND s.status <> 'running'
GROUP BY s.snapshot_id, s.as_of, s.status
ORDER BY s.as_of DESC, s.snapshot_id DESC
LIMIT 1
