-- Which actions were intended, but nobody knows what became of them? Grain: action, oldest first.
SELECT i.action, i.action_id, i.operation, i.account, i.region, i.rule, i.request_number, i.detail -> 'arguments' AS arguments
FROM action_event i
WHERE i.phase = 'intended'
  AND NOT EXISTS (SELECT FROM action_event e WHERE e.action = i.action AND e.phase IN ('answered', 'refused', 'found'))
ORDER BY i.action
