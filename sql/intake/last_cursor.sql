-- Where did the last complete live run of :source end? One row, or none.
SELECT cursor_after FROM intake_run
WHERE source = :source AND status = 'complete' AND mode = 'live' AND cursor_after IS NOT NULL
ORDER BY run_id DESC LIMIT 1
