-- How often did a settled request become open again?
-- A reopening is an observation in an open status (submitted, needs_information, in_review, approved, in_progress)
-- whose predecessor of the same request was settled (fulfilled, closed, rejected, withdrawn, failed, expired, revoked).
-- Grain: transitions, requests with at least one, and their share of all requests. Unit: as named.
-- Unknown: requests observed only once; what happened to them before is not known.
WITH each AS (
    SELECT request_number, count(*) AS observations,
           count(*) FILTER (WHERE status IN ('submitted', 'needs_information', 'in_review', 'approved', 'in_progress')
               AND last_status IN ('fulfilled', 'closed', 'rejected', 'withdrawn', 'failed', 'expired', 'revoked')) AS turns
    FROM observation_then GROUP BY request_number
), total AS (
    SELECT count(*) FILTER (WHERE observations > 1) AS n, count(*) FILTER (WHERE observations = 1) AS unknown,
           coalesce(sum(turns), 0) AS transitions, count(*) FILTER (WHERE turns > 0) AS requests FROM each
)
SELECT jsonb_build_object('measure', measure) AS dimension, CASE WHEN n > 0 THEN value END AS value, unit, n, unknown,
       CASE WHEN n = 0 THEN 'no request was observed more than once' END AS reason
FROM total CROSS JOIN LATERAL (VALUES
    ('transitions', transitions::double precision, 'transitions'), ('requests', requests::double precision, 'requests'),
    ('share', requests / nullif(n, 0)::double precision, 'share')) AS m (measure, value, unit)
