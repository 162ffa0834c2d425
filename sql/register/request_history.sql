-- Which steps did request :number take up to :at? Grain: one row per event, oldest first.
-- was: the status before, NULL at the first step. decision: what was decided here and why, else NULL.
SELECT valid_at, recorded_at, actor, origin, status,
       lag(status) OVER (ORDER BY valid_at, event) AS was,
       CASE WHEN origin = 'decided' THEN raw::json -> '@decision' END AS decision
FROM request_event
WHERE request_number = :number AND valid_at <= :at
ORDER BY valid_at, event
