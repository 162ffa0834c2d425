-- The history is checked and indexed by what is asked of it, so that a million observations load in seconds:
-- a block is checked as a whole when it is sealed, not row by row; blocks lie next to each other, so a small index
-- finds them; the unique key serves reads by request and time; statistics are kept of what queries filter by.
ALTER TABLE request_event DROP CONSTRAINT request_event_request_number_fkey;
ALTER TABLE request_event DROP CONSTRAINT request_event_run_id_fkey;
DROP INDEX request_event_time;
DROP INDEX request_event_block;
CREATE INDEX request_event_block ON request_event USING brin (block) WITH (pages_per_range = 16);

CREATE FUNCTION events_belong() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stray bigint;
BEGIN
    SELECT e.request_number INTO stray FROM request_event e
    LEFT JOIN request r USING (request_number) LEFT JOIN intake_run u ON u.run_id = e.run_id
    WHERE e.block = NEW.block AND (r.request_number IS NULL OR (e.run_id IS NOT NULL AND u.run_id IS NULL)) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'block % holds an event of request %: there is no such request, or no such run', NEW.block, stray
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER events_belong BEFORE INSERT ON history_block FOR EACH ROW EXECUTE FUNCTION events_belong();

CREATE FUNCTION history_keeps_its_requests() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM request_event e WHERE e.request_number = OLD.request_number) THEN
        RAISE EXCEPTION 'request % has a history: % refused', OLD.request_number, TG_OP
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER history_keeps_its_requests BEFORE DELETE ON request
    FOR EACH ROW EXECUTE FUNCTION history_keeps_its_requests();
CREATE TRIGGER history_keeps_its_numbers BEFORE UPDATE OF request_number ON request
    FOR EACH ROW WHEN (OLD.request_number <> NEW.request_number) EXECUTE FUNCTION history_keeps_its_requests();
CREATE TRIGGER history_keeps_its_runs BEFORE DELETE OR TRUNCATE ON intake_run
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();
CREATE TRIGGER history_keeps_its_requests_whole BEFORE TRUNCATE ON request
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite();

DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT attrelid::regclass AS of, attname AS name, atttypid IN ('jsonb'::regtype, 'bytea'::regtype) AS never
               FROM pg_attribute WHERE attrelid IN ('request'::regclass, 'request_event'::regclass) AND attnum > 0 LOOP
        EXECUTE format('ALTER TABLE %s ALTER %I SET STATISTICS %s', one.of, one.name, CASE WHEN one.never THEN 0 ELSE 20 END);
    END LOOP;
END $$;
ALTER TABLE request ALTER description SET STATISTICS 0, ALTER benefit SET STATISTICS 0, ALTER risk SET STATISTICS 0,
    ALTER risk_if_denied SET STATISTICS 0;

DROP FUNCTION request_as_of;
-- The register as of an instant: what was true at `valid`, as far as it was known at `known`.
-- Where the source names no decided_at, fulfilled_at or closed_at, they are the first observation of such
-- a status; for the last two, the first since the request was last open, so that reopening starts anew.
-- `numbers`: only these requests; NULL means all.
CREATE FUNCTION request_as_of(valid timestamptz, known timestamptz DEFAULT 'infinity', numbers bigint[] DEFAULT NULL)
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
           l.raw, l.valid_at, l.event, l.recorded_at
    FROM latest l
    JOIN request r USING (request_number)
    JOIN milestone m USING (request_number)
    CROSS JOIN LATERAL jsonb_populate_record(NULL::request, l.state) s
$$;
