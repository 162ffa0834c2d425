-- Which requests went past the process? Read from the whole history up to :now, not from today's status alone.
-- Grain: one row per request and way around. Columns: those of register.findings.COLUMNS.
-- A request that was first seen fulfilled shows no way there: nothing is said about its approval.
-- Only requests that may have gone past it are read as of :now; for those whose last step is not later, the row of
-- today says whether they may.
WITH another_decided AS (
    SELECT owner, coalesce(owner_rule, '') AS owner_rule, decided_by
    FROM (SELECT DISTINCT owner, owner_rule, decided_by FROM request WHERE decided_by IS NOT NULL AND owner IS NOT NULL
          OFFSET 0) d  -- each is asked once, not of every request
    WHERE may_decide(owner, owner_rule, decided_by) IS FALSE
), steps AS (
    SELECT request_number, min(valid_at) FILTER (WHERE status <> 'fulfilled') AS decided_on,
           bool_or(status = 'fulfilled') AS was_fulfilled
    FROM request_event WHERE status IN ('approved', 'rejected', 'fulfilled') GROUP BY request_number
), suspect AS (
    SELECT array_agg(request_number) AS numbers FROM request r LEFT JOIN steps USING (request_number)
    WHERE valid_at > :now OR (owner, coalesce(owner_rule, ''), decided_by) IN (SELECT * FROM another_decided)
       OR lower(requester) = lower(decided_by) OR decided_at < submitted_at
       OR (decided_at IS NULL AND (decided_on < submitted_at OR (decided_by IS NULL AND was_fulfilled)))
), register AS (
    SELECT of_now.* FROM suspect CROSS JOIN LATERAL request_as_of(:now, 'infinity', suspect.numbers) of_now
    WHERE suspect.numbers IS NOT NULL
), history AS (
    SELECT request_number, bool_or(status = 'approved') AS was_approved,
           min(valid_at) FILTER (WHERE status = 'fulfilled') AS fulfilled_on, min(valid_at) AS first_seen
    FROM request_event WHERE valid_at <= :now AND request_number = ANY((SELECT numbers FROM suspect)::bigint[])
    GROUP BY request_number
), foreign_decider AS (
    SELECT owner, owner_rule, decided_by
    FROM (SELECT DISTINCT owner, owner_rule, decided_by FROM register WHERE decided_by IS NOT NULL AND owner IS NOT NULL) d
    WHERE may_decide(owner, owner_rule, decided_by) IS FALSE
), ways AS (
    SELECT request_number, 'unapproved' AS way,
           request_id || ' was fulfilled on ' || to_char(fulfilled_on, 'YYYY-MM-DD') || ', and nobody had approved it' AS why
    FROM register JOIN history USING (request_number)
    WHERE fulfilled_on > first_seen AND NOT was_approved AND decided_at IS NULL AND decided_by IS NULL
    UNION ALL
    SELECT request_number, 'self-approved', request_id || ' was approved by its own requester, ' || decided_by
    FROM register JOIN history USING (request_number)
    WHERE lower(requester) = lower(decided_by)
      AND (was_approved OR status IN ('approved', 'in_progress', 'fulfilled', 'expired', 'revoked'))
    UNION ALL
    SELECT r.request_number, 'decided-by-another',
           request_id || ' was approved by ' || decided_by || ', who decides neither as its accountable owner, ' || owner
           || ', nor for them'
    FROM register r JOIN history USING (request_number) JOIN foreign_decider f USING (owner, decided_by)
    WHERE f.owner_rule IS NOT DISTINCT FROM r.owner_rule
      AND (was_approved OR status IN ('approved', 'in_progress', 'fulfilled', 'expired', 'revoked'))
      AND lower(requester) IS DISTINCT FROM lower(decided_by)
    UNION ALL
    SELECT request_number, 'decided-before-submitted',
           request_id || ' was decided on ' || to_char(decided_at, 'YYYY-MM-DD HH24:MI') || ', before it was submitted on '
           || to_char(submitted_at, 'YYYY-MM-DD HH24:MI')
    FROM register WHERE decided_at < submitted_at
)
SELECT w.request_number || ':' || w.way AS finding_key, 'PROCESS_BYPASS' AS type,
       coalesce(r.risk_level, 'medium') AS severity, w.request_number, NULL::text AS account, NULL::text AS region,
       NULL::text AS rule, NULL::text AS resource_type, NULL::text AS resource_id, r.owner, w.why,
       jsonb_build_object('way', w.way, 'source', r.source, 'source_key', r.source_key, 'url', r.source_url)::text AS evidence
FROM ways w JOIN register r USING (request_number)
ORDER BY 1
