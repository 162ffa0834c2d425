-- Which provisioned products may be those asked for? Grain: one row per request and product, or its failed record.
-- Found by id or by name. Products and versions are compared by id, names of them as `product_names.sql` says. Where
-- several of a name may be meant, in any account that was not excluded, none of them is verified.
-- Statuses: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionedProductAttribute.html
INSERT INTO candidate
WITH wanted AS (
    SELECT * FROM asked WHERE thing_type = 'provisioned_product'
), found AS (
    SELECT w.request, w.provisioned_product, w.account AS asked_account, w.product, w.artifact AS asked_artifact, p.*,
           n.ids AS product_ids, v.ids AS artifact_ids
    FROM wanted w JOIN listed_provisioned_products p
      ON p.product_id = w.provisioned_product OR (w.provisioned_product IS NULL AND p.name = w.name)
    LEFT JOIN named_product n ON n.name = lower(trim(w.product))
    LEFT JOIN named_artifact v ON v.of_product = p.of_product AND v.name = lower(trim(w.artifact))
), compared AS (
    SELECT *, CASE WHEN asked_account IS NULL OR split_part(arn, ':', 5) = asked_account THEN true END AS in_place,
           is_meant(product, 'prod-', of_product, product_name, product_ids)
               AND is_meant(asked_artifact, 'pa-', artifact, artifact_name, artifact_ids) AS same
    FROM found
), rivals AS (
    SELECT request, list_sort(list(product_id)) AS ids FROM compared
    WHERE provisioned_product IS NULL AND in_place AND same IS DISTINCT FROM false GROUP BY request HAVING count(*) > 1
), latest AS (  -- of a product that is not there any more: was it ever?
    SELECT w.request, r.* FROM wanted w JOIN listed_records r
      ON r.product_id = w.provisioned_product OR (w.provisioned_product IS NULL AND r.name = w.name)
    QUALIFY row_number() OVER (PARTITION BY w.request ORDER BY r.updated_at DESC, r.record DESC) = 1
)
SELECT c.request, c.product_id, c.in_place, c.same,
       CASE WHEN list_contains(r.ids, c.product_id) AND c.status IN ('AVAILABLE', 'TAINTED') THEN 'unverified'
            ELSE CASE c.status WHEN 'AVAILABLE' THEN 'ready' WHEN 'TAINTED' THEN 'degraded' WHEN 'ERROR' THEN 'failed'
                               ELSE 'changing' END END,
       'it is ' || c.status || coalesce(': ' || c.message, '')
           || coalesce('; ' || not_told('product', c.product, 'prod-', c.of_product, c.product_name, c.product_ids), '')
           || coalesce('; ' || not_told('version', c.asked_artifact, 'pa-', c.artifact, c.artifact_name, c.artifact_ids), '')
           || coalesce('; several go by its name: ' || array_to_string(r.ids, ', '), '')
FROM compared c LEFT JOIN rivals r USING (request)
UNION ALL
SELECT request, coalesce(product_id, record), true, true, CASE status WHEN 'FAILED' THEN 'failed' ELSE 'changing' END,
       'record ' || record || ' is ' || status || coalesce(': ' || errors, '')
FROM latest l
WHERE type = 'PROVISION_PRODUCT' AND status <> 'SUCCEEDED' AND NOT EXISTS (SELECT 1 FROM found f WHERE f.request = l.request)
