-- Which share of what needs an owner has one?
-- Needs one: every open request and every live exception. Has one: intake found an ownership rule, or the source
-- named the owner (intake keeps that as a rule of its own). What matched nothing went to the ownership authority, has
-- no rule and counts against the share.
-- Grain: all, and each kind. Unit: share. Unknown: nothing can be.
SELECT jsonb_strip_nulls(jsonb_build_object('kind', kind)) AS dimension,
       avg((owner_rule IS NOT NULL)::integer) AS value,
       'share' AS unit, count(*) AS n, 0 AS unknown,
       CASE WHEN count(*) = 0 THEN 'no request is open and no exception is live' END AS reason
FROM request_then
WHERE is_open OR (kind = 'exception' AND status IN ('approved', 'in_progress', 'fulfilled')
                  AND valid_from <= :as_of AND :as_of < valid_until)
GROUP BY GROUPING SETS ((), (kind))
ORDER BY grouping(kind) DESC, kind
