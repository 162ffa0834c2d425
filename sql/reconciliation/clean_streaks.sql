-- How many observations in a row found each exception clean, before the one of :snapshot_id at :now?
-- One row per request whose latest verdict was CLEAN or STALE. Verdicts are stored only when they change, so
-- every snapshot reconciled since the last other verdict counts.
WITH latest AS (
    SELECT request_number,
           max(as_of) FILTER (WHERE verdict NOT IN ('CLEAN', 'STALE')) AS last_other,
           min(as_of) AS first_seen
    FROM request_verdict WHERE as_of < :now GROUP BY request_number
), streak AS (
    SELECT l.request_number, min(v.as_of) AS since
    FROM latest l JOIN request_verdict v USING (request_number)
    WHERE v.as_of < :now AND v.as_of > coalesce(l.last_other, '-infinity')
    GROUP BY l.request_number
)
SELECT s.request_number, count(DISTINCT r.snapshot_id) AS observations
FROM streak s JOIN reconciliation_run r ON r.as_of >= s.since AND r.as_of < :now AND r.snapshot_id <> :snapshot_id
GROUP BY s.request_number
