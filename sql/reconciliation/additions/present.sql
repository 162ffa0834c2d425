-- What is there that somebody must have asked for once? Grain: one row per thing of a type that can be added.
-- created_at: when it was made as far as AWS tells, else NULL. What AWS made itself is left out: its own policies,
-- rules linked to a service, controls inherited from a unit above, products that are accounts.
-- Control operations are kept for 90 days:
-- https://docs.aws.amazon.com/controltower/latest/APIReference/API_GetControlOperation.html
CREATE OR REPLACE TABLE present AS
SELECT 'account' AS type, account AS subject, account, 'account ' || account || coalesce(' (' || name || ')', '') AS words,
       joined_at AS created_at
FROM listed_accounts WHERE state NOT IN ('CLOSED', 'PENDING_CLOSURE')
UNION ALL
SELECT 'provisioned_product', product_id, nullif(split_part(arn, ':', 5), ''), 'provisioned product ' || coalesce(name, product_id), created_at
FROM listed_provisioned_products WHERE type IS DISTINCT FROM 'CONTROL_TOWER_ACCOUNT'
UNION ALL
SELECT 'enabled_control', c.arn, NULL, 'control ' || regexp_extract(c.control, '[^/]+$') || ' on ' || regexp_extract(c.target, '[^/]+$'),
       (SELECT max(o.started_at) FROM listed_control_operations o WHERE o.type = 'ENABLE_CONTROL' AND o.enabled_control = c.arn)
FROM listed_enabled_controls c WHERE c.parent IS NULL
UNION ALL
SELECT 'config_rule', 'organization/' || rule, NULL, 'organization rule ' || rule, NULL
FROM listed_organization_rules WHERE coalesce(status, '') NOT LIKE 'DELETE_%'
UNION ALL
SELECT 'config_rule', account || '/' || rule, account, 'Config rule ' || rule || ' of account ' || account, NULL
FROM listed_rules WHERE creator = '' AND account IS NOT NULL
UNION ALL
SELECT 'policy_attachment', t.policy || '|' || t.target, CASE WHEN t.target_type = 'ACCOUNT' THEN t.target END,
       'policy ' || coalesce(p.name, t.policy) || ' on ' || t.target, NULL
FROM listed_policy_targets t LEFT JOIN listed_policies p USING (policy) WHERE NOT coalesce(p.aws_managed, false)
UNION ALL
SELECT 'ssm_document', coalesce(owner, '') || '/' || document, owner, 'document ' || document, created_at
FROM listed_documents
