-- What was carried out since the register began that belongs to no change? Grain: one row per execution.
-- standing: patterns of what is approved once and for all.
SELECT e.execution, e.service, e.runs, e.targets, e.started_at, e.status, e."by"
FROM execution e
WHERE e.started_at >= $began AND NOT EXISTS (SELECT 1 FROM link l WHERE l.execution = e.execution)
  AND NOT EXISTS (SELECT 1 FROM standing_change s WHERE coalesce(e."by", '') LIKE s."by" ESCAPE '\'
                  AND (s.runbook = '%' OR len(list_filter(e.runs, lambda r: r LIKE s.runbook ESCAPE '\')) > 0))
ORDER BY e.execution
