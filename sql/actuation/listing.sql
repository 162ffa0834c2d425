-- What was done to AWS? Grain: event, newest first; a NULL parameter restricts nothing.
SELECT e.event, e.action_id, e.phase, e.at, e.recorded_at, e.operation, e.account, e.region, e.rule, r.request_id, e.actor, e.detail
FROM action_event e LEFT JOIN request r USING (request_number)
WHERE (CAST(:request_id AS text) IS NULL OR r.request_id = :request_id)
  AND (CAST(:action_id AS text) IS NULL OR e.action_id = :action_id)
ORDER BY e.event DESC
LIMIT :most
