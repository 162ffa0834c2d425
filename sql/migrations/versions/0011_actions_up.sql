-- What was done to AWS. An action is one call; each of its turns is an event, chained to the event before, so that
-- changing, removing or slipping in an event breaks the chain from there on.
CREATE SEQUENCE action_seq;

CREATE FUNCTION action_hash(prev_hash bytea, event bigint, action bigint, phase text, at timestamptz, recorded_at timestamptz,
                            operation text, account text, region text, rule text, request_number bigint, actor text,
                            detail jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256(prev_hash || convert_to(jsonb_build_array(
        event, action, phase, extract(epoch FROM at), extract(epoch FROM recorded_at), operation, account, region, rule,
        request_number, actor, detail)::text, 'UTF8'))
$$;

CREATE TABLE action_event (
    event        bigint      PRIMARY KEY,                  -- without gaps: its place in the chain
    action       bigint      NOT NULL,
    action_id    text        NOT NULL GENERATED ALWAYS AS
                     ('ACT-' || lpad(action::text, greatest(6, length(action::text)), '0')) STORED,
    phase        text        NOT NULL CHECK (phase IN (
                     'intended',                           -- written and committed before the call
                     'answered',                           -- AWS answered; single resources may have failed
                     'refused',                            -- AWS refused the call as a whole
                     'unclear',                            -- no answer came: it may or may not have been done
                     'found')),                            -- what a later run found of one that had no outcome
    at           timestamptz NOT NULL,                     -- the run's `now`
    recorded_at  timestamptz NOT NULL,
    operation    text        NOT NULL,                     -- as in the API: PutRemediationExceptions
    account      text        NOT NULL,
    region       text        NOT NULL,
    rule         text        NOT NULL,
    request_number bigint    REFERENCES request,           -- the approval it is for, or was for
    actor        text        NOT NULL,                     -- who ran it: a person's address, or an Airflow run
    detail       jsonb       NOT NULL,                     -- arguments of the call; or response, done and failed keys
    prev_hash    bytea       NOT NULL,
    hash         bytea       NOT NULL UNIQUE,
    CONSTRAINT one_of_a_phase UNIQUE (action, phase)
);
CREATE INDEX action_event_request ON action_event (request_number);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON action_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

-- How many records of each run were no requests at all, and put aside by intake itself: automatic replies, bounces.
-- They are among the quarantined, and speak neither for nor against the source.
CREATE VIEW run_dismissed AS
SELECT r.run_id, least(r.quarantined, count(q.item)) AS dismissed
FROM intake_run r
LEFT JOIN quarantine q ON q.source = r.source AND r.run_id BETWEEN q.first_run AND q.last_run
     AND q.status = 'discarded' AND q.resolved_by = 'intake'
GROUP BY r.run_id, r.quarantined;

-- Who else may decide for an accountable owner: mail addresses, `*` and `?` are wildcards; '*' lets anybody.
ALTER TABLE ownership ADD COLUMN delegates text[] NOT NULL DEFAULT '{}';

-- May `person` decide what `owner` is accountable for by rule `owner_rule`? The owner, their manager, those the rule
-- names as delegates, and the same of the authority. A person who is named without an address is recognised by the
-- words of it: 'Payments Lead' is payments-lead@example.com. NULL: nobody stored yet who is accountable.
CREATE FUNCTION may_decide(owner text, owner_rule text, person text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH deciding AS (
        SELECT unnest(o.accountable || (o.manager || o.delegates)) AS named
        FROM ownership o
        WHERE o.position = 0 OR o.rule = may_decide.owner_rule
           OR (o.accountable = may_decide.owner
               AND NOT EXISTS (SELECT FROM ownership k WHERE k.rule = may_decide.owner_rule))
        UNION ALL SELECT may_decide.owner
    )
    SELECT CASE WHEN EXISTS (SELECT FROM ownership) THEN EXISTS (
        SELECT FROM deciding
        WHERE lower(person) LIKE replace(replace(replace(replace(lower(named), '\', '\\'), '_', '\_'), '*', '%'), '?', '_')
           OR (person NOT LIKE '%@%' AND lower(regexp_replace(trim(person), '[\s._-]+', ' ', 'g'))
               = lower(regexp_replace(split_part(named, '@', 1), '[._-]+', ' ', 'g')))
    ) END
$$;
