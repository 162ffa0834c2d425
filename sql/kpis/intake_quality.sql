-- What did each source deliver with its latest complete run, and did its counts balance?
-- Grain: each source and count, and each count over all sources; yield = (loaded + unchanged) / (pulled - dismissed), which were no requests. Unit: records, or share for the yield.
-- n: records pulled. Unknown: records quarantined since ever and still waiting for a fix.
WITH latest AS (
    SELECT DISTINCT ON (source) source, pulled, loaded, unchanged, quarantined, dismissed
    FROM intake_run JOIN run_dismissed USING (run_id)
    WHERE as_of <= :as_of AND status = 'complete' AND mode = 'live'
      AND (CAST(:source AS text) IS NULL OR source = :source)
    ORDER BY source, as_of DESC, run_id DESC
), waiting AS (
    SELECT source, count(*) AS items FROM quarantine
    WHERE arrived_at <= :as_of AND (resolved_at IS NULL OR resolved_at > :as_of) GROUP BY source
), delivered AS (
    SELECT l.source, sum(pulled) AS pulled, sum(loaded) AS loaded, sum(unchanged) AS unchanged,
           sum(quarantined) AS quarantined, sum(dismissed) AS dismissed, coalesce(sum(items), 0) AS waiting
    FROM latest l LEFT JOIN waiting w USING (source) GROUP BY GROUPING SETS ((l.source), ()) HAVING count(*) > 0
)
SELECT jsonb_strip_nulls(jsonb_build_object('source', source, 'count', c.name)) AS dimension, c.value, c.unit,
       pulled::bigint AS n, waiting::bigint AS unknown, CASE WHEN c.value IS NULL THEN 'the run pulled no request' END AS reason
FROM delivered CROSS JOIN LATERAL (VALUES
    (1, 'pulled', pulled, 'records'), (2, 'loaded', loaded, 'records'), (3, 'unchanged', unchanged, 'records'),
    (4, 'quarantined', quarantined, 'records'),
    (5, 'yield', (loaded + unchanged) / nullif(pulled - dismissed, 0), 'share')) AS c (place, name, value, unit)
ORDER BY source NULLS FIRST, c.place
