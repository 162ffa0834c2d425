-- How many records did each source bring in each of the last twelve weeks (Monday to Sunday, UTC), and how many passed?
-- Grain: source and week with a run. Runs that were held or failed brought nothing that could pass; they are counted.
-- pulled: without what was no request at all, such as an automatic reply.
SELECT source, date_trunc('week', as_of, 'UTC') AS week, count(*) AS runs,
       count(*) FILTER (WHERE status IN ('held', 'failed')) AS troubled,
       coalesce(sum(pulled - dismissed) FILTER (WHERE status IN ('complete', 'shadow')), 0)::bigint AS pulled,
       coalesce(sum(pulled - quarantined) FILTER (WHERE status IN ('complete', 'shadow')), 0)::bigint AS good
FROM intake_run JOIN run_dismissed USING (run_id)
WHERE as_of <= :as_of AND as_of >= date_trunc('week', CAST(:as_of AS timestamptz), 'UTC') - interval '11 weeks'
  AND mode <> 'replay' AND status <> 'running' AND (CAST(:source AS text) IS NULL OR source = :source)
GROUP BY source, week
ORDER BY source, week
