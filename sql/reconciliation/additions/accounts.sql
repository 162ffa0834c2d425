-- Which accounts may be those asked for? Grain: one row per request and account, or product that tells no account.
-- Found by id, by the account factory's product, by name or by e-mail. Closed accounts are gone. A unit holds
-- what is below it. States: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html and
-- https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionedProductAttribute.html
INSERT INTO candidate
WITH wanted AS (
    SELECT a.*, p.product_id, p.physical_id, p.status AS made, p.message AS made_told, p.of_product,
           p.product_id IS NULL OR (is_meant(a.product, 'prod-', p.of_product, p.product_name, n.ids)
               AND is_meant(a.artifact, 'pa-', p.artifact, p.artifact_name, v.ids)) AS as_made
    FROM asked a LEFT JOIN listed_provisioned_products p ON p.product_id = a.provisioned_product
    LEFT JOIN named_product n ON n.name = lower(trim(a.product))
    LEFT JOIN named_artifact v ON v.of_product = p.of_product AND v.name = lower(trim(a.artifact))
    WHERE a.thing_type = 'account'
), baseline AS (
    SELECT regexp_extract(target, '[0-9]{12}$') AS account, bool_or(inheritance_drift = 'DRIFTED') AS drifted,
           bool_or(coalesce(inheritance_drift, 'UNKNOWN') NOT IN ('IN_SYNC', 'DRIFTED')) AS unknown
    FROM listed_enabled_baselines GROUP BY 1
), found AS (
    SELECT w.*, l.account AS id, l.name AS is_name, l.email AS is_email, l.units, l.state AS is_state
    FROM wanted w JOIN listed_accounts l
      ON l.account = coalesce(w.account, CASE WHEN regexp_full_match(w.physical_id, '[0-9]{12}') THEN w.physical_id END)
      OR (w.account IS NULL AND NOT coalesce(regexp_full_match(w.physical_id, '[0-9]{12}'), false)
          AND (l.name = w.name OR lower(l.email) = lower(w.email)))
    WHERE l.state NOT IN ('CLOSED', 'PENDING_CLOSURE')
)
SELECT f.request, f.id,
       CASE WHEN f.ou IS NULL THEN true WHEN f.units IS NULL THEN NULL
            ELSE EXISTS (SELECT 1 FROM asked_unit u WHERE u.request = f.request
                         AND contains('/' || f.units || '/', '/' || u.unit || '/')) END,
       (f.product_id IS NOT NULL OR coalesce(f.name = f.is_name, true)) AND coalesce(lower(f.email) = lower(f.is_email), true)
           AND f.as_made,
       CASE WHEN f.made = 'ERROR' THEN 'failed'
            WHEN f.is_state = 'PENDING_ACTIVATION' OR f.made IN ('UNDER_CHANGE', 'PLAN_IN_PROGRESS') THEN 'changing'
            WHEN b.drifted THEN 'drifted'
            WHEN f.is_state <> 'ACTIVE' OR f.made = 'TAINTED' THEN 'degraded'
            WHEN b.unknown OR EXISTS (SELECT 1 FROM gap WHERE dataset = 'controltower/enabled_baselines' AND words IS NOT NULL)
                 THEN 'unverified'
            ELSE 'ready' END,
       CASE WHEN f.made IN ('ERROR', 'UNDER_CHANGE', 'PLAN_IN_PROGRESS', 'TAINTED')
                 THEN 'product ' || f.product_id || ' is ' || f.made || coalesce(': ' || f.made_told, '')
            WHEN b.drifted THEN 'its baseline is not the one of its unit'
            WHEN f.is_state <> 'ACTIVE' THEN 'it is ' || f.is_state
            ELSE 'drift of its baseline is not known' END
FROM found f LEFT JOIN baseline b ON b.account = f.id
UNION ALL
SELECT w.request, w.product_id, CASE WHEN w.ou IS NULL THEN true END,
       w.as_made,
       CASE w.made WHEN 'ERROR' THEN 'failed' WHEN 'TAINTED' THEN 'degraded' WHEN 'AVAILABLE' THEN 'unverified' ELSE 'changing' END,
       CASE w.made WHEN 'AVAILABLE' THEN 'its product is available, but which account it made is not told'
                   ELSE 'product ' || w.product_id || ' is ' || w.made || coalesce(': ' || w.made_told, '') END
FROM wanted w WHERE w.product_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM found f WHERE f.request = w.request)
