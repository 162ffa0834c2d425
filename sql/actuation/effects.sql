-- What did actions since :since change, as AWS told? The last one of each resource counts. Grain: resource.
-- Columns: account, region, rule, resource_type, resource_id, operation, message, expires_at (text, ISO 8601).
SELECT DISTINCT ON (e.account, e.region, e.rule, k ->> 'ResourceType', k ->> 'ResourceId')
       e.account, e.region, e.rule, k ->> 'ResourceType' AS resource_type, k ->> 'ResourceId' AS resource_id, e.operation,
       i.detail -> 'arguments' ->> 'Message' AS message, i.detail -> 'arguments' ->> 'ExpirationTime' AS expires_at
FROM action_event e
JOIN action_event i ON i.action = e.action AND i.phase = 'intended'
CROSS JOIN LATERAL jsonb_array_elements(e.detail -> 'done') k
WHERE e.phase IN ('answered', 'found') AND e.at >= :since
ORDER BY e.account, e.region, e.rule, k ->> 'ResourceType', k ->> 'ResourceId', e.event DESC
