-- Which event of the block has no request, or no run? What the block names is made distinct before it is looked for:
-- of a million events, a pass over the block (OFFSET 0) instead of a walk through the unique key by request.
CREATE OR REPLACE FUNCTION events_belong() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stray bigint;
BEGIN
    SELECT e.request_number INTO stray
    FROM (SELECT DISTINCT request_number, run_id
          FROM (SELECT request_number, run_id FROM request_event WHERE block = NEW.block OFFSET 0) b) e
    LEFT JOIN request r USING (request_number) LEFT JOIN intake_run u ON u.run_id = e.run_id
    WHERE r.request_number IS NULL OR (e.run_id IS NOT NULL AND u.run_id IS NULL) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'block % holds an event of request %: there is no such request, or no such run', NEW.block, stray
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NEW;
END $$;
