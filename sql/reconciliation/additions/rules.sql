-- Which Config rules may be those asked for? Grain: one row per request and rule as an organization rule, as a rule
-- of the account that was looked at, or as evaluated in accounts.
-- An organization rule is everywhere but in its excluded accounts. A rule that only shows by what it evaluated may
-- be in more accounts than those with something to evaluate, so where some of a unit show none it is not verified.
-- Statuses: https://docs.aws.amazon.com/config/latest/APIReference/API_OrganizationConfigRuleStatus.html
INSERT INTO candidate
WITH wanted AS (
    SELECT * FROM asked WHERE thing_type = 'config_rule'
), member AS (  -- the active accounts of the unit asked for, or the account
    SELECT w.request, l.account FROM wanted w JOIN listed_accounts l ON l.state = 'ACTIVE'
    WHERE l.account = w.account OR EXISTS (SELECT 1 FROM asked_unit u WHERE u.request = w.request
                                           AND contains('/' || l.units || '/', '/' || u.unit || '/'))
), everywhere AS (
    SELECT w.request, w.rule, w.source_identifier AS asked_source, r.source_identifier, r.status, r.error,
           (SELECT count(*) FROM member m WHERE m.request = w.request) AS members,
           (SELECT count(*) FROM member m WHERE m.request = w.request
            AND list_contains(from_json(r.excluded_accounts, '["VARCHAR"]'), m.account)) AS excluded
    FROM wanted w JOIN listed_organization_rules r ON r.rule = w.rule
    WHERE coalesce(r.status, '') NOT LIKE 'DELETE_%'
), evaluated AS (
    SELECT w.request, w.rule, count(DISTINCT e.account) AS accounts, count(DISTINCT m.account) AS inside,
           (SELECT count(*) FROM member n WHERE n.request = w.request) AS members
    FROM wanted w JOIN listed_evaluated e ON e.rule = w.rule
    LEFT JOIN member m ON m.request = w.request AND m.account = e.account
    WHERE w.ou IS NOT NULL OR w.account IS NOT NULL
    GROUP BY w.request, w.rule
)
SELECT request, 'organization/' || rule, NOT (members > 0 AND excluded = members),
       coalesce(asked_source = source_identifier, asked_source IS NULL),
       CASE WHEN status = 'CREATE_FAILED' THEN 'failed' WHEN status LIKE '%_IN_PROGRESS' THEN 'changing'
            WHEN excluded > 0 THEN 'partial' WHEN status = 'UPDATE_FAILED' THEN 'degraded'
            WHEN status IN ('CREATE_SUCCESSFUL', 'UPDATE_SUCCESSFUL') THEN 'ready' ELSE 'unverified' END,
       'organization rule, status ' || coalesce(status, 'unknown') || coalesce(': ' || error, '')
           || CASE WHEN excluded > 0 THEN ', ' || excluded || ' of ' || members || ' accounts excluded' ELSE '' END
FROM everywhere
UNION ALL
SELECT w.request, r.account || '/' || r.rule,
       CASE WHEN w.account IS NOT NULL THEN r.account = w.account WHEN w.ou IS NULL THEN true
            WHEN EXISTS (SELECT 1 FROM member m WHERE m.request = w.request AND m.account = r.account) THEN NULL ELSE false END,
       coalesce(w.source_identifier = r.source_identifier, w.source_identifier IS NULL),
       CASE WHEN s.last_failed_at > s.last_evaluated_at THEN 'degraded' ELSE 'ready' END,
       'rule of account ' || coalesce(r.account, 'unknown') || coalesce(', last evaluation failed: ' || s.error, '')
FROM wanted w JOIN listed_rules r ON r.rule = w.rule AND coalesce(r.creator, '') = '' AND coalesce(r.state, '') NOT LIKE 'DELETING%'
LEFT JOIN (SELECT rule, max(last_failed_at) AS last_failed_at, max(last_evaluated_at) AS last_evaluated_at, max(error) AS error
           FROM listed_rule_status GROUP BY rule) s ON s.rule = r.rule
UNION ALL
SELECT request, 'evaluated/' || rule, inside > 0, true, CASE WHEN inside < members THEN 'unverified' ELSE 'ready' END,
       'it evaluates in ' || inside || ' of ' || members || ' accounts'
FROM evaluated e WHERE NOT EXISTS (SELECT 1 FROM everywhere o WHERE o.request = e.request)
