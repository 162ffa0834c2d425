-- Where do the hours go: how long did requests stay in each status?
-- Each observation holds from its own time to the next observation of the same request. The last one holds until
-- :as_of while the request is open, and adds nothing once it is settled (a live exception counts as settled).
-- Grain: one row per status that was observed. Unit: elapsed hours, summed. n: requests that were in that status.
-- Unknown: requests that were in it only as a settled, last observation: the time spent there has no end.
WITH stay AS (
    SELECT request_number, status,
           coalesce(next_valid_at, CASE WHEN is_open THEN :as_of END) - valid_at AS span
    FROM observation_then
), each AS (
    SELECT request_number, status, extract(epoch FROM sum(span)) / 3600 AS hours FROM stay GROUP BY request_number, status
)
SELECT jsonb_build_object('status', status) AS dimension, sum(hours) AS value, 'hours' AS unit,
       count(*) AS n, count(*) FILTER (WHERE hours IS NULL) AS unknown,
       CASE WHEN count(hours) = 0 THEN 'it is the last status of every request that reached it' END AS reason
FROM each GROUP BY status ORDER BY sum(hours) DESC NULLS LAST, status
