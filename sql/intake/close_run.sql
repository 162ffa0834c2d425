-- Close run :run_id with everything it has to account for.
UPDATE intake_run
SET status = :status, finished_at = clock_timestamp(), message = :message, pulled = :pulled, loaded = :loaded,
    unchanged = :unchanged, quarantined = :quarantined, held = :held, validation = CAST(:validation AS jsonb),
    cursor_after = CAST(:cursor AS jsonb), whole = :whole, columns = CAST(:columns AS jsonb), page = :page,
    accepted = :accepted
WHERE run_id = :run_id
