ALTER TABLE request_event ALTER state TYPE json USING state::json, ALTER raw TYPE json USING raw::json;

DROP FUNCTION event_digest;
CREATE FUNCTION event_digest(request_number bigint, valid_at timestamptz, actor text, origin text, status text,
                             state json, raw json) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(json_build_array(
        request_number, extract(epoch FROM valid_at), actor, origin, status, state, raw)::text, 'UTF8'))
$$;

-- The register as of an instant: what was true at `valid`, as far as it was known at `known`.
-- Where the source names no decided_at, fulfilled_at or closed_at, they are the first observation of such
-- a status; for the last two, the first since the request was last open, so that reopening starts anew.
-- `numbers`: only these requests; NULL means all.
CREATE OR REPLACE FUNCTION request_as_of(valid timestamptz, known timestamptz DEFAULT 'infinity', numbers bigint[] DEFAULT NULL)
RETURNS SETOF request LANGUAGE sql STABLE AS $$
    WITH seen AS (
        SELECT * FROM request_event WHERE valid_at <= valid AND recorded_at <= known
        AND (numbers IS NULL OR request_number = ANY(numbers))
    ), latest AS (
        SELECT DISTINCT ON (request_number) * FROM seen ORDER BY request_number, valid_at DESC, event DESC
    ), milestone AS (
        SELECT request_number,
               min(valid_at) FILTER (WHERE status IN ('approved', 'rejected')) AS decided_at,
               min(valid_at) FILTER (WHERE status = 'fulfilled' AND valid_at >= unfulfilled_at) AS fulfilled_at,
               min(valid_at) FILTER (WHERE status IN ('closed', 'rejected', 'withdrawn', 'failed', 'expired', 'revoked')
                                     AND valid_at >= open_at) AS closed_at
        FROM (SELECT request_number, valid_at, status,
                     coalesce(max(valid_at) FILTER (WHERE status IN ('submitted', 'needs_information', 'in_review',
                         'approved', 'in_progress')) OVER each, '-infinity') AS unfulfilled_at,
                     coalesce(max(valid_at) FILTER (WHERE status IN ('submitted', 'needs_information', 'in_review',
                         'approved', 'in_progress', 'fulfilled')) OVER each, '-infinity') AS open_at
              FROM seen WINDOW each AS (PARTITION BY request_number)) q
        GROUP BY request_number
    )
    SELECT r.request_number, r.request_id, r.kind, r.source, r.source_key,
           s.title, s.description, s.target_type, s.target, s.requester, s.owner, s.owner_rule, s.assignee,
           s.risk_level, s.benefit, s.risk, s.risk_if_denied, l.status,
           s.submitted_at, s.due_at,
           coalesce(s.decided_at, m.decided_at), s.decided_by,
           coalesce(s.fulfilled_at, m.fulfilled_at),
           coalesce(s.closed_at, m.closed_at),
           s.source_updated_at, s.source_url,
           s.category, s.scopes, s.valid_from, s.valid_until, s.compensating_controls, s.renewal_of,
           s.window_start, s.window_end, s.runbook, s.targets, s.thing_type, s.thing,
           l.raw::jsonb, l.valid_at, l.event, l.recorded_at
    FROM latest l
    JOIN request r USING (request_number)
    JOIN milestone m USING (request_number)
    CROSS JOIN LATERAL json_populate_record(NULL::request, l.state) s
$$;
