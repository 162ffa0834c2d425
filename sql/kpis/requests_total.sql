-- How many requests does the register hold, by kind and by status?
-- Grain: all, each kind, each status, each kind and status. Unit: requests. Unknown: nothing can be.
SELECT jsonb_strip_nulls(jsonb_build_object('kind', kind, 'status', status)) AS dimension,
       count(*) AS value, 'requests' AS unit, count(*) AS n, 0 AS unknown, NULL AS reason
FROM request_then
GROUP BY GROUPING SETS ((), (kind), (status), (kind, status))
ORDER BY grouping(kind, status) DESC, kind, status
