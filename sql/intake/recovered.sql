-- Which open items of :source came again in this pull and passed? Their raw form is in :hashes.
UPDATE quarantine SET status = 'replayed', resolved_at = :now, resolved_by = 'intake', resolution = 'passed when it came again'
WHERE source = :source AND status = 'open' AND raw_hash = ANY(:hashes)
