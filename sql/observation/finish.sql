-- Close snapshot :id: complete where at least one dataset brought rows, failed where AWS told us nothing.
-- What is missing stays named in the manifest. One row: what it holds.
WITH closed AS (
    UPDATE snapshot s
    SET finished_at = :now,
        status = CASE WHEN EXISTS (SELECT FROM snapshot_dataset d WHERE d.snapshot_id = s.snapshot_id
                                   AND d.path IS NOT NULL) THEN 'complete' ELSE 'failed' END
    WHERE s.snapshot_id = :id AND s.status <> 'complete'
    RETURNING s.status
)
SELECT coalesce((SELECT status FROM closed), (SELECT status FROM snapshot WHERE snapshot_id = :id)) AS status,
       coalesce(sum(row_count), 0) AS rows, coalesce(sum(calls), 0) AS calls,
       coalesce(sum(throttles), 0) AS throttles,
       coalesce(sum(seconds), 0) AS seconds,
       count(*) FILTER (WHERE d.status <> 'COMPLETE') AS gaps
FROM snapshot_dataset d WHERE snapshot_id = :id
