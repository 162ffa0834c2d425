-- Which deviations that nobody approved are open at :now, and in no draft since they opened? Grain: finding.
-- scope_rule: how a scope names the rule; expired: the exception that covered it once. A resource whose id holds a
-- wildcard cannot be named alone in a scope, so it is not drafted.
SELECT f.finding_number, f.reopened AS opening, coalesce(f.owner, :authority) AS owner,
       coalesce(f.evidence ->> 'scope_rule', f.rule) AS scope_rule, f.rule, f.severity, f.account, f.region,
       f.resource_type, f.resource_id, r.request_id AS expired
FROM finding f LEFT JOIN request r USING (request_number)
WHERE f.family = 'deviation' AND f.type = 'UNAPPROVED_DEVIATION' AND f.status = 'open' AND f.opened_at <= :now
  AND f.account IS NOT NULL AND f.rule IS NOT NULL AND f.resource_id !~ '[*?]'
  AND NOT EXISTS (SELECT FROM request_draft_finding d
                  WHERE d.finding_number = f.finding_number AND d.opening = f.reopened)
ORDER BY owner, scope_rule, f.account, f.region, f.resource_type, f.resource_id, f.finding_number
