-- Which events of the history of actions do not add up? One row per broken event, with what is wrong.
WITH chained AS (
    SELECT *, coalesce(lag(hash) OVER (ORDER BY event), ''::bytea) AS expected_prev,
           lag(event, 1, 0) OVER (ORDER BY event) AS previous
    FROM action_event
)
SELECT event,
       CASE WHEN previous <> event - 1 THEN 'the event before it is missing'
            WHEN prev_hash <> expected_prev THEN 'does not follow the event before it'
            ELSE 'it was altered' END AS problem
FROM chained
WHERE previous <> event - 1 OR prev_hash <> expected_prev
   OR hash <> action_hash(prev_hash, event, action, phase, at, recorded_at, operation, account, region, rule, request_number,
                          actor, detail)
ORDER BY event
