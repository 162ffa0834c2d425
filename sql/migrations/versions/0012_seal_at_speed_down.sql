CREATE OR REPLACE FUNCTION events_belong() RETURNS trigger LANGUAGE plpgsql AS $$
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
