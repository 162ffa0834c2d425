-- How much did each exception match when it was approved? One row per request that was judged since, by the first
-- verdict at or after its approval that missed no evidence. :numbers and :since (approvals, in microseconds since 1970)
-- go in pairs.
SELECT l.number, v.matched, v.as_of, v.snapshot_id
FROM (
    SELECT number, timestamptz '1970-01-01 00:00:00Z' + since * interval '1 microsecond' AS since
    FROM unnest(CAST(:numbers AS bigint[]), CAST(:since AS bigint[])) AS g (number, since)
) l
CROSS JOIN LATERAL (
    SELECT v.matched, v.as_of, v.snapshot_id FROM request_verdict v
    WHERE v.request_number = l.number AND v.as_of >= l.since AND v.as_of < :now AND v.matched > 0
      AND v.evidence ->> 'gap' IS NULL
    ORDER BY v.as_of, v.snapshot_id LIMIT 1
) v
