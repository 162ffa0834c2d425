-- Which provisioned products may be those asked for? Grain: one row per request and product, or its failed record.
-- Found by id or by name. Ids of product and artifact are compared, names of them cannot be: the listing holds ids.
-- Statuses: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionedProductAttribute.html
INSERT INTO candidate
WITH wanted AS (
    SELECT * FROM asked WHERE thing_type = 'provisioned_product'
), found AS (
    SELECT w.request, w.account AS asked_account, w.product, w.artifact AS asked_artifact, p.*
    FROM wanted w JOIN listed_provisioned_products p
      ON p.product_id = w.provisioned_product OR (w.provisioned_product IS NULL AND p.name = w.name)
), latest AS (  -- of a product that is not there any more: was it ever?
    SELECT w.request, r.* FROM wanted w JOIN listed_records r
      ON r.product_id = w.provisioned_product OR (w.provisioned_product IS NULL AND r.name = w.name)
    QUALIFY row_number() OVER (PARTITION BY w.request ORDER BY r.updated_at DESC, r.record DESC) = 1
)
SELECT request, product_id,
       CASE WHEN asked_account IS NULL OR split_part(arn, ':', 5) = asked_account THEN true END,
       CASE WHEN (product LIKE 'prod-%' AND product <> of_product) OR (asked_artifact LIKE 'pa-%' AND asked_artifact <> artifact)
                 THEN false
            WHEN coalesce(product = of_product, true) AND coalesce(asked_artifact = artifact, true) THEN true END,
       CASE status WHEN 'AVAILABLE' THEN 'ready' WHEN 'TAINTED' THEN 'degraded' WHEN 'ERROR' THEN 'failed' ELSE 'changing' END,
       'it is ' || status || coalesce(': ' || message, '')
FROM found
UNION ALL
SELECT request, coalesce(product_id, record), true, true, CASE status WHEN 'FAILED' THEN 'failed' ELSE 'changing' END,
       'record ' || record || ' is ' || status || coalesce(': ' || errors, '')
FROM latest l
WHERE type = 'PROVISION_PRODUCT' AND status <> 'SUCCEEDED' AND NOT EXISTS (SELECT 1 FROM found f WHERE f.request = l.request)
