-- Close run :run_id with everything it has to account for.
UPDATE intake_run
SET status = :status, finished_at = clock_timestamp(), message = :message, pulled = :pulled, loaded = :loaded,
    unchanged = :unchanged, quarantined = :quarantined, validation = CAST(:validation AS jsonb),
    cursor_after = CAST(:cursor AS jsonb)
WHERE run_id = :run_id
