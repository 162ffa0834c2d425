-- Which findings are there? One row per finding, the worst first. :status and :family may be NULL: any.
SELECT finding_id, family, type, status, severity, owner, account, region, rule, resource_type, resource_id, why,
       opened_at, seen_at AS last_seen_at, resolved_at, reopened
FROM finding JOIN finding_seen USING (finding_number)
WHERE status = coalesce(:status, status) AND family = coalesce(:family, family) AND type = coalesce(:type, type)
ORDER BY array_position(ARRAY['critical', 'high', 'medium', 'low'], severity), finding_number
LIMIT :limit
