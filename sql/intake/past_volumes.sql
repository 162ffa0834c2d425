-- How much did the last full pulls of :source bring? Grain: run, newest first, at most :runs.
-- A run that a person accepted begins a new history: from then on its size is the usual one.
SELECT pulled FROM intake_run i
WHERE source = :source AND whole AND status IN ('complete', 'shadow') AND mode <> 'replay'
  AND run_id >= coalesce((SELECT max(run_id) FROM intake_run a
                          WHERE a.source = :source AND a.accepted IS NOT NULL AND a.status IN ('complete', 'shadow')), 0)
ORDER BY run_id DESC LIMIT :runs
