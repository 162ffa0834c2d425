-- The register row is the latest observation: set-based, for the requests that block :block touched and that were
-- there before; :first_event is the first of the block. Requests that came with the block are up to date already.
MERGE INTO request AS r
USING (
    SELECT DISTINCT ON (e.request_number) e.request_number, e.status AS latest_status, e.valid_at AS latest_at,
           e.event, e.raw::jsonb AS latest_raw, s.*
    FROM request_event e
    CROSS JOIN LATERAL json_to_record(e.state::json) AS s(
        title text, description text, target_type text, target text, requester text, owner text,
        owner_rule text, assignee text, risk_level text, benefit text, risk text, risk_if_denied text,
        decided_by text, source_url text, category text, renewal_of text, runbook text, thing_type text,
        submitted_at timestamptz, due_at timestamptz, decided_at timestamptz, fulfilled_at timestamptz,
        closed_at timestamptz, source_updated_at timestamptz, valid_from timestamptz, valid_until timestamptz,
        window_start timestamptz, window_end timestamptz,
        scopes jsonb, compensating_controls jsonb, targets jsonb, thing jsonb)
    WHERE e.request_number IN (SELECT n.request_number FROM request_event n JOIN request r USING (request_number)
                               WHERE n.block = :block AND r.last_event < :first_event)
    ORDER BY e.request_number, e.valid_at DESC, e.event DESC
) AS l
ON r.request_number = l.request_number
WHEN MATCHED THEN UPDATE SET
    title = l.title, description = l.description, target_type = l.target_type, target = l.target,
    requester = l.requester, owner = l.owner, owner_rule = l.owner_rule, assignee = l.assignee,
    risk_level = l.risk_level, benefit = l.benefit, risk = l.risk, risk_if_denied = l.risk_if_denied,
    status = l.latest_status, submitted_at = l.submitted_at, due_at = l.due_at, decided_at = l.decided_at,
    decided_by = l.decided_by, fulfilled_at = l.fulfilled_at, closed_at = l.closed_at,
    source_updated_at = l.source_updated_at, source_url = l.source_url, category = l.category,
    scopes = l.scopes, valid_from = l.valid_from, valid_until = l.valid_until,
    compensating_controls = l.compensating_controls, renewal_of = l.renewal_of,
    window_start = l.window_start, window_end = l.window_end, runbook = l.runbook, targets = l.targets,
    thing_type = l.thing_type, thing = l.thing, raw = l.latest_raw, valid_at = l.latest_at,
    last_event = l.event, recorded_at = :known_at
