-- Which additions and changes does the register know at :now? One row per request, by number.
-- approved_at: as the source names it, else the first time it was seen approved where the source says when that was;
-- NULL: not approved, or nobody says when. was_there: an earlier reconciliation found what it asks for.
WITH asked AS MATERIALIZED (
    SELECT request_number FROM request WHERE kind IN ('addition', 'change')
), told AS MATERIALIZED (
    SELECT e.* FROM request_event e JOIN asked USING (request_number) WHERE e.valid_at <= :now
), approval AS (
    SELECT request_number, min(valid_at) AS first_seen FROM told WHERE status = 'approved' AND valid_at < recorded_at
    GROUP BY request_number
), stated AS (
    SELECT DISTINCT ON (request_number) request_number, (state::json ->> 'decided_at')::timestamptz AS decided_at
    FROM told ORDER BY request_number, valid_at DESC, event DESC
), few AS (
    SELECT CASE WHEN count(*) <= 50 THEN array_agg(request_number) END AS numbers  -- of more, all are read quicker
    FROM asked HAVING count(*) > 0
)
SELECT r.request_number, r.request_id, r.kind, r.source_key, r.status, r.owner, r.risk_level, r.target, r.submitted_at,
       r.due_at, r.fulfilled_at, r.closed_at, r.thing_type, r.thing, r.window_start, r.window_end, r.runbook, r.targets,
       CASE WHEN r.status NOT IN ('rejected', 'withdrawn') THEN coalesce(s.decided_at, a.first_seen) END AS approved_at,
       EXISTS (SELECT FROM request_verdict v WHERE v.request_number = r.request_number AND v.as_of < :now
               AND v.verdict LIKE 'FULFILLED%') AS was_there
FROM few CROSS JOIN LATERAL request_as_of(:now, 'infinity', few.numbers) r
LEFT JOIN approval a USING (request_number)
LEFT JOIN stated s USING (request_number)
WHERE r.kind IN ('addition', 'change')
ORDER BY r.request_number
