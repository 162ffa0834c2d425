-- Which share of the resolved requests went through without rework?
-- Rework is any observation in needs_information or failed, or a reopening (see reopened.sql).
-- Grain: all, and each kind. Unit: share. n: resolved requests observed more than once.
-- Unknown: resolved requests observed only once; their way there was not seen.
WITH each AS (
    SELECT request_number, count(*) AS observations,
           bool_or(status IN ('needs_information', 'failed')
                   OR (status IN ('submitted', 'in_review', 'approved', 'in_progress') AND last_status IN
                       ('fulfilled', 'closed', 'rejected', 'withdrawn', 'failed', 'expired', 'revoked'))) AS reworked
    FROM observation_then GROUP BY request_number
)
SELECT jsonb_strip_nulls(jsonb_build_object('kind', r.kind)) AS dimension,
       avg((NOT reworked)::integer) FILTER (WHERE observations > 1) AS value, 'share' AS unit,
       count(*) FILTER (WHERE observations > 1) AS n, count(*) FILTER (WHERE observations = 1) AS unknown,
       CASE WHEN count(*) = 0 THEN 'no request is resolved'
            WHEN count(*) FILTER (WHERE observations > 1) = 0 THEN 'each resolved request was observed only once' END AS reason
FROM each JOIN request_then r USING (request_number)
WHERE r.resolved_at IS NOT NULL
GROUP BY GROUPING SETS ((), (r.kind))
ORDER BY grouping(r.kind) DESC, r.kind
