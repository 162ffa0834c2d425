-- What did each source deliver in the demo run :run_id? Grain: one row per source.
SELECT source, pulled, loaded, unchanged, quarantined, status
FROM intake_run
WHERE origin = :run_id AND status = 'complete'
ORDER BY source
