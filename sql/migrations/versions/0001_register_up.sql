-- The register: requests, their append-only history, ownership, intake, quarantine, escalation,
-- snapshot manifests, verdicts and findings. All times are timestamptz, stored in UTC.

CREATE TABLE intake_run (
    run_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text        NOT NULL,
    mode         text        NOT NULL CHECK (mode IN ('shadow', 'live', 'replay')),
    origin       text        NOT NULL DEFAULT '',          -- Airflow run id, or 'cli'
    as_of        timestamptz NOT NULL,                     -- the run's `now`
    started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at  timestamptz,
    status       text        NOT NULL DEFAULT 'running'
                 CHECK (status IN ('running', 'complete', 'held', 'failed', 'shadow')),
    pulled       bigint      NOT NULL DEFAULT 0 CHECK (pulled >= 0),
    loaded       bigint      NOT NULL DEFAULT 0 CHECK (loaded >= 0),
    unchanged    bigint      NOT NULL DEFAULT 0 CHECK (unchanged >= 0),
    quarantined  bigint      NOT NULL DEFAULT 0 CHECK (quarantined >= 0),
    cursor_after jsonb,                                    -- where the next incremental pull starts
    validation   jsonb,                                    -- gate summary: expectation -> success, unexpected
    message      text,                                     -- one line: what happened
    CONSTRAINT counts_balance CHECK (status <> 'complete' OR pulled = loaded + unchanged + quarantined),
    CONSTRAINT finished_has_end CHECK ((status = 'running') = (finished_at IS NULL))
);
CREATE INDEX intake_run_source ON intake_run (source, run_id);

CREATE SEQUENCE request_number_seq;

CREATE TABLE request (
    request_number bigint      PRIMARY KEY DEFAULT nextval('request_number_seq'),
    request_id     text        NOT NULL UNIQUE GENERATED ALWAYS AS (
                       CASE kind WHEN 'addition' THEN 'ADD-' WHEN 'change' THEN 'CHG-' ELSE 'EXC-' END
                       || lpad(request_number::text, greatest(6, length(request_number::text)), '0')) STORED,
    kind           text        NOT NULL CHECK (kind IN ('addition', 'change', 'exception')),
    source         text        NOT NULL,
    source_key     text        NOT NULL CHECK (source_key <> ''),
    title          text        NOT NULL,
    description    text,
    target_type    text        CHECK (target_type IN ('process', 'procedure', 'resource')),
    target         text,
    requester      text,
    owner          text,                                   -- accountable, resolved from policy or named by source
    owner_rule     text,                                   -- the ownership rule that decided; NULL: nothing matched
    assignee       text,                                   -- who works on it now, as the source names them
    risk_level     text        CHECK (risk_level IN ('low', 'medium', 'high', 'critical')),
    benefit        text,
    risk           text,
    risk_if_denied text,
    status         text        NOT NULL CHECK (status IN (
                       'submitted', 'needs_information', 'in_review', 'approved', 'rejected', 'withdrawn',
                       'in_progress', 'fulfilled', 'failed', 'expired', 'revoked', 'closed')),
    submitted_at   timestamptz,
    due_at         timestamptz,
    decided_at     timestamptz,
    decided_by     text,
    fulfilled_at   timestamptz,
    closed_at      timestamptz,
    source_updated_at timestamptz,
    source_url     text,
    -- exception
    category       text        CHECK (category IN ('waiver', 'mitigated', 'false_positive', 'not_applicable')),
    scopes         jsonb,
    valid_from     timestamptz,
    valid_until    timestamptz,
    compensating_controls jsonb,
    renewal_of     text,                                   -- source_key of the request this one renews
    -- change
    window_start   timestamptz,
    window_end     timestamptz,
    runbook        text,
    targets        jsonb,
    -- addition
    thing_type     text        CHECK (thing_type IN ('account', 'provisioned_product', 'enabled_control',
                                                     'config_rule', 'policy_attachment', 'ssm_document')),
    thing          jsonb,
    raw            jsonb       NOT NULL,
    valid_at       timestamptz NOT NULL,                   -- source time of the latest observation
    last_event     bigint      NOT NULL DEFAULT 0,
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT natural_key UNIQUE (source, source_key),
    CONSTRAINT half_open_validity CHECK (valid_from < valid_until),
    CONSTRAINT exception_fields CHECK (kind = 'exception' OR (category IS NULL AND scopes IS NULL
                       AND valid_from IS NULL AND valid_until IS NULL AND renewal_of IS NULL)),
    CONSTRAINT change_fields CHECK (kind = 'change' OR (window_start IS NULL AND window_end IS NULL
                       AND runbook IS NULL AND targets IS NULL)),
    CONSTRAINT addition_fields CHECK (kind = 'addition' OR (thing_type IS NULL AND thing IS NULL)),
    CONSTRAINT change_window CHECK (window_start < window_end)
);
CREATE INDEX request_open ON request (status, kind);

-- One row per observation of a request at its own source time. Never updated, never deleted.
CREATE TABLE request_event (
    event        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_number bigint    NOT NULL REFERENCES request,
    valid_at     timestamptz NOT NULL,                     -- when it was true in the source
    recorded_at  timestamptz NOT NULL,                     -- when this register learnt it
    actor        text,                                     -- who did it, as the source names them
    origin       text        NOT NULL CHECK (origin IN ('observed', 'decided')),
    status       text        NOT NULL,
    state        jsonb       NOT NULL,                     -- all canonical fields that had a value
    raw          jsonb       NOT NULL,                     -- the record as it came
    run_id       bigint      REFERENCES intake_run,
    content      bytea       NOT NULL,                     -- sha256 of state without owner, and raw: equal means unchanged
    digest       bytea       NOT NULL,                     -- event_digest() of this row
    block        bigint      NOT NULL,                     -- the history_block that seals it
    CONSTRAINT observed_once UNIQUE (request_number, valid_at, content)
);
CREATE INDEX request_event_time ON request_event (request_number, valid_at, event);
CREATE INDEX request_event_block ON request_event (block);

-- The hash chain: every load seals the events it wrote into one block, and every block holds the hash
-- of the block before it. Changing, removing or slipping in an event breaks the chain from there on.
CREATE TABLE history_block (
    block        bigint      PRIMARY KEY,
    recorded_at  timestamptz NOT NULL,
    run_id       bigint      REFERENCES intake_run,
    events       bigint      NOT NULL CHECK (events > 0),
    events_hash  bytea       NOT NULL,
    prev_hash    bytea       NOT NULL,
    hash         bytea       NOT NULL UNIQUE
);

CREATE FUNCTION event_digest(request_number bigint, valid_at timestamptz, actor text, origin text, status text,
                             state jsonb, raw jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(jsonb_build_array(
        request_number, extract(epoch FROM valid_at), actor, origin, status, state, raw)::text, 'UTF8'))
$$;

CREATE FUNCTION block_hash(prev_hash bytea, block bigint, recorded_at timestamptz, events bigint,
                           events_hash bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256(prev_hash || convert_to(
        block::text || '|' || extract(epoch FROM recorded_at)::text || '|' || events::text, 'UTF8') || events_hash)
$$;

CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON request_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON history_block
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

CREATE TABLE quarantine (
    item         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text        NOT NULL,
    raw_hash     bytea       NOT NULL,                     -- sha256 of the raw record
    occurrence   integer     NOT NULL DEFAULT 1,           -- among identical raw records of one pull
    locator      text        NOT NULL,                     -- file:line, page or issue key, for a person
    source_key   text,
    raw          jsonb       NOT NULL,
    mapped       jsonb,
    reasons      jsonb       NOT NULL CHECK (jsonb_array_length(reasons) > 0),
    first_run    bigint      NOT NULL REFERENCES intake_run,
    last_run     bigint      NOT NULL REFERENCES intake_run,
    arrived_at   timestamptz NOT NULL,
    status       text        NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'replayed', 'discarded')),
    resolved_at  timestamptz,
    resolved_by  text,
    resolution   text,
    CONSTRAINT one_item_per_record UNIQUE (source, raw_hash, occurrence),
    CONSTRAINT resolved_has_time CHECK ((status = 'open') = (resolved_at IS NULL))
);

CREATE TABLE ownership (
    rule         text        PRIMARY KEY,
    position     integer     NOT NULL,
    match        jsonb       NOT NULL,                     -- dimension -> pattern
    accountable  text        NOT NULL CHECK (accountable <> ''),  -- exactly one
    responsible  text[]      NOT NULL DEFAULT '{}',
    consulted    text[]      NOT NULL DEFAULT '{}',
    informed     text[]      NOT NULL DEFAULT '{}',
    contact      text        NOT NULL,
    manager      text        NOT NULL,
    timezone     text        NOT NULL,
    calendar     text        NOT NULL,
    review_date  date        NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE outbox (
    message      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_key  text        NOT NULL UNIQUE,              -- recipient + ledger entries; names the message for ever
    message_id   text        NOT NULL UNIQUE,              -- RFC 5322 Message-ID, derived from message_key
    kind         text        NOT NULL CHECK (kind IN ('digest', 'overflow', 'quarantine', 'draft')),
    recipient    text        NOT NULL,
    subject      text        NOT NULL,
    body_text    text        NOT NULL,
    body_html    text        NOT NULL,
    as_of        timestamptz NOT NULL,                     -- the run's `now`
    not_before   timestamptz NOT NULL,                     -- quiet hours end here
    status       text        NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'failed')),
    attempts     integer     NOT NULL DEFAULT 0,
    last_error   text,
    sent_at      timestamptz,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT sent_has_time CHECK ((status = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX outbox_pending ON outbox (not_before) WHERE status = 'pending';

CREATE TABLE send_ledger (
    request_number bigint    NOT NULL REFERENCES request,
    clock        text        NOT NULL CHECK (clock IN ('triage', 'decision', 'fulfilment', 'review')),
    cycle        integer     NOT NULL DEFAULT 1 CHECK (cycle > 0),  -- a reopened request starts a new cycle
    rung         text        NOT NULL,
    audience     text        NOT NULL CHECK (audience IN ('owner', 'manager', 'escalation_authority')),
    recipient    text        NOT NULL,
    reached_at   timestamptz NOT NULL,                     -- business-time instant at which the rung fell due
    due_at       timestamptz NOT NULL,                     -- deadline of the clock
    as_of        timestamptz NOT NULL,
    message      bigint      REFERENCES outbox,            -- NULL only for rungs superseded by a later one
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (request_number, clock, cycle, rung)
);

CREATE TABLE snapshot (
    snapshot_id  text        PRIMARY KEY,                  -- 20261116T080000Z
    as_of        timestamptz NOT NULL,
    location     text        NOT NULL,                     -- folder or s3:// prefix of the Parquet files
    started_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at  timestamptz,
    status       text        NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'complete', 'failed'))
);

-- The completeness manifest: one row per dataset, account and region ('*' where a listing covers all).
CREATE TABLE snapshot_dataset (
    snapshot_id  text        NOT NULL REFERENCES snapshot,
    service      text        NOT NULL,
    dataset      text        NOT NULL,
    account      text        NOT NULL DEFAULT '*',
    region       text        NOT NULL DEFAULT '*',
    status       text        NOT NULL CHECK (status IN ('COMPLETE', 'PARTIAL', 'FAILED', 'STALE')),
    row_count    bigint      NOT NULL CHECK (row_count >= 0),
    calls        integer     NOT NULL DEFAULT 0,
    throttles    integer     NOT NULL DEFAULT 0,
    seconds      double precision NOT NULL DEFAULT 0,
    evidence_at  timestamptz,                              -- oldest instant the rows speak for
    path         text,                                     -- relative to snapshot.location; NULL when nothing was written
    sha256       text,
    message      text,
    PRIMARY KEY (snapshot_id, service, dataset, account, region)
);

CREATE TABLE reconciliation_run (
    run          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    as_of        timestamptz NOT NULL,
    snapshot_id  text        NOT NULL REFERENCES snapshot,
    register_at  timestamptz NOT NULL,                     -- what the register knew: recorded time
    finished_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    input_digest text        NOT NULL,                     -- snapshot files + live exceptions + limits
    summary      jsonb       NOT NULL,                     -- counts the pack prints: evaluations, verdicts, coverage
    UNIQUE (as_of, snapshot_id, input_digest)
);

-- Primary verdict of each request, written only when it differs from the one before.
CREATE TABLE request_verdict (
    request_number bigint    NOT NULL REFERENCES request,
    as_of        timestamptz NOT NULL,
    snapshot_id  text        NOT NULL REFERENCES snapshot,
    verdict      text        NOT NULL,
    flags        text[]      NOT NULL DEFAULT '{}',
    covered      bigint      NOT NULL DEFAULT 0,           -- non-compliant items it covers (any match)
    won          bigint      NOT NULL DEFAULT 0,           -- of those, items where it is the most specific
    matched      bigint      NOT NULL DEFAULT 0,           -- items in scope, compliant ones included
    why          text        NOT NULL,
    evidence     jsonb       NOT NULL,
    PRIMARY KEY (request_number, as_of, snapshot_id)
);

CREATE TABLE finding (
    finding_number bigint    GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    finding_id   text        NOT NULL UNIQUE GENERATED ALWAYS AS
                     ('FND-' || lpad(finding_number::text, greatest(6, length(finding_number::text)), '0')) STORED,
    family       text        NOT NULL,                     -- deviation | exception | process: one writer each
    finding_key  text        NOT NULL,                     -- what makes it the same finding next time
    type         text        NOT NULL,                     -- UNAPPROVED_DEVIATION, PROCESS_BYPASS, ORPHANED_ACCOUNT ...
    status       text        NOT NULL CHECK (status IN ('open', 'resolved')),
    severity     text        NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    request_number bigint    REFERENCES request,
    account      text,
    region       text,
    rule         text,
    resource_type text,
    resource_id  text,
    owner        text,
    why          text        NOT NULL,                     -- one sentence
    evidence     jsonb       NOT NULL,
    opened_at    timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    resolved_at  timestamptz,
    reopened     integer     NOT NULL DEFAULT 0,
    UNIQUE (family, finding_key),
    CONSTRAINT resolved_has_time CHECK ((status = 'resolved') = (resolved_at IS NOT NULL))
);
CREATE INDEX finding_open ON finding (type) WHERE status = 'open';

CREATE TABLE finding_event (
    event        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    finding_number bigint    NOT NULL REFERENCES finding,
    at           timestamptz NOT NULL,
    change       text        NOT NULL CHECK (change IN ('opened', 'changed', 'resolved', 'reopened')),
    type         text        NOT NULL,
    why          text        NOT NULL,
    evidence     jsonb       NOT NULL
);
CREATE INDEX finding_event_finding ON finding_event (finding_number, event);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON finding_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- The register as of an instant: what was true at `valid`, as far as it was known at `known`.
-- Where the source names no decided_at, fulfilled_at or closed_at, they are the first observation of such
-- a status; for the last two, the first since the request was last open, so that reopening starts anew.
CREATE FUNCTION request_as_of(valid timestamptz, known timestamptz DEFAULT 'infinity')
RETURNS SETOF request LANGUAGE sql STABLE AS $$
    WITH seen AS (
        SELECT * FROM request_event WHERE valid_at <= valid AND recorded_at <= known
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
           l.raw, l.valid_at, l.event, l.recorded_at
    FROM latest l
    JOIN request r USING (request_number)
    JOIN milestone m USING (request_number)
    CROSS JOIN LATERAL jsonb_populate_record(NULL::request, l.state) s
$$;
