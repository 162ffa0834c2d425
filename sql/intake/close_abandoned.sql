-- Close runs of :source that never ended. Asked for while holding the lock that a living run holds.
UPDATE intake_run
SET status = 'failed', finished_at = clock_timestamp(), message = 'ended without a word: killed, or its machine was lost'
WHERE source = :source AND status = 'running'
