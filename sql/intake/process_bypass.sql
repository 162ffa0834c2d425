-- Which requests went past the process? Read from the whole history as of :now, whatever the source's status says.
-- Grain: one row per request and way around. Columns: those of register.findings.COLUMNS.
WITH requests AS (
    SELECT * FROM request_as_of(:now)
), approvals AS (
    SELECT request_number, min(valid_at) FILTER (WHERE status = 'approved') AS approved_at,
           min(valid_at) FILTER (WHERE status IN ('in_progress', 'fulfilled')) AS begun_at,
           count(*) AS observations
    FROM request_event WHERE valid_at <= :now GROUP BY request_number
), ways AS (
    SELECT request_number, 'unapproved' AS way,
           request_id || ' was ' || status || ' on ' || to_char(coalesce(begun_at, fulfilled_at), 'YYYY-MM-DD')
           || ' although nobody had approved it' AS why
    FROM requests JOIN approvals USING (request_number)
    WHERE status IN ('in_progress', 'fulfilled') AND approved_at IS NULL AND decided_by IS NULL AND observations > 1
    UNION ALL
    SELECT request_number, 'self-approved', request_id || ' was approved by its own requester ' || decided_by
    FROM requests
    WHERE lower(requester) = lower(decided_by) AND status NOT IN ('submitted', 'needs_information', 'in_review', 'rejected', 'withdrawn')
    UNION ALL
    SELECT request_number, 'decided-before-submitted',
           request_id || ' was decided on ' || to_char(decided_at, 'YYYY-MM-DD HH24:MI') || ', before it was submitted on '
           || to_char(submitted_at, 'YYYY-MM-DD HH24:MI')
    FROM requests WHERE decided_at < submitted_at
)
SELECT w.request_number || ':' || w.way AS finding_key, 'PROCESS_BYPASS' AS type,
       coalesce(r.risk_level, 'medium') AS severity, w.request_number, NULL::text AS account, NULL::text AS region,
       NULL::text AS rule, NULL::text AS resource_type, r.target AS resource_id, r.owner, w.why,
       jsonb_build_object('way', w.way, 'source', r.source, 'source_key', r.source_key, 'url', r.source_url)::text AS evidence
FROM ways w JOIN requests r USING (request_number)
ORDER BY 1
