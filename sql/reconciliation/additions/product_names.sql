-- Is a product, or its version, what an addition asks for by id or by name? Two macros: true, false, NULL: nobody can tell.
-- A name means a product only where all that is provisioned under it is of one product; it is another product's
-- only where something provisioned shows that. Case and spaces around a name do not count.
CREATE OR REPLACE TABLE named_product AS
SELECT lower(trim(product_name)) AS name, list_sort(list(DISTINCT of_product)) AS ids
FROM listed_provisioned_products WHERE product_name IS NOT NULL AND of_product IS NOT NULL GROUP BY 1;

CREATE OR REPLACE TABLE named_artifact AS
SELECT of_product, lower(trim(artifact_name)) AS name, list_sort(list(DISTINCT artifact)) AS ids
FROM listed_provisioned_products WHERE artifact_name IS NOT NULL AND artifact IS NOT NULL GROUP BY 1, 2;

-- ids: those that the name asked for stands for, NULL: none is known. shown: what AWS calls it, NULL: not told.
CREATE OR REPLACE MACRO is_meant(asked, prefix, id, shown, ids) AS
    CASE WHEN asked IS NULL THEN true
         WHEN starts_with(asked, prefix) THEN asked = id
         WHEN shown IS NULL THEN NULL
         WHEN lower(trim(asked)) = lower(trim(shown)) THEN CASE WHEN len(ids) = 1 THEN true END
         WHEN len(ids) > 0 AND NOT list_contains(ids, id) THEN false END;

-- Why nobody can tell whether it is meant, in words; NULL: it can be told.
CREATE OR REPLACE MACRO not_told(what, asked, prefix, id, shown, ids) AS
    CASE WHEN is_meant(asked, prefix, id, shown, ids) IS NOT NULL THEN NULL
         WHEN starts_with(asked, prefix) OR shown IS NULL THEN 'AWS does not tell its ' || what
         WHEN len(ids) > 1 THEN 'several go by the name of ' || what || ' ' || asked || ': ' || array_to_string(ids, ', ')
         ELSE 'nothing that is provisioned is of ' || what || ' ' || asked || ', and this is of ' || shown END
