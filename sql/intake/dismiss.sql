-- Close the items of run :run_id whose records (:hashes) are no requests at all: an automatic reply, a bounce.
UPDATE quarantine
SET status = 'discarded', resolved_at = :at, resolved_by = 'intake', resolution = reasons -> 0 ->> 'why'
WHERE source = :source AND last_run = :run_id AND status = 'open' AND raw_hash = ANY(:hashes)
