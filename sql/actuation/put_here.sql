-- Which exceptions from remediation may stem from here? Whatever a call was intended for, done or not: its message,
-- which names the action, tells at AWS. Grain: action, resource.
-- Columns: account, region, rule, resource_type, resource_id, message, request_number.
SELECT e.account, e.region, e.rule, k ->> 'ResourceType' AS resource_type, k ->> 'ResourceId' AS resource_id,
       e.detail -> 'arguments' ->> 'Message' AS message, e.request_number
FROM action_event e CROSS JOIN LATERAL jsonb_array_elements(e.detail -> 'arguments' -> 'ResourceKeys') k
WHERE e.phase = 'intended' AND e.operation = 'PutRemediationExceptions'
