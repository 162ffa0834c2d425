-- How often did a request pass from one assignee to another?
-- A reassignment is an observation whose assignee differs from the one named by the observation before it; both must
-- be named: a first assignment is none.
-- Grain: changes, requests with at least one, and their share of the requests that ever had an assignee.
-- Unknown: requests for which no observation names an assignee.
WITH each AS (
    SELECT request_number, count(assignee) AS named, count(*) FILTER (WHERE assignee <> last_assignee) AS turns
    FROM observation_then GROUP BY request_number
), total AS (
    SELECT count(*) FILTER (WHERE named > 0) AS n, count(*) FILTER (WHERE named = 0) AS unknown,
           coalesce(sum(turns), 0) AS changes, count(*) FILTER (WHERE turns > 0) AS requests FROM each
)
SELECT jsonb_build_object('measure', measure) AS dimension, CASE WHEN n > 0 THEN value END AS value, unit, n, unknown,
       CASE WHEN n = 0 THEN 'no observation names an assignee' END AS reason
FROM total CROSS JOIN LATERAL (VALUES
    ('changes', changes::double precision, 'changes'), ('requests', requests::double precision, 'requests'),
    ('share', requests / nullif(n, 0)::double precision, 'share')) AS m (measure, value, unit)
