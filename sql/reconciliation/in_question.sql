-- Which evaluations may be in scope of one exception, as if all of them were non-compliant? Grain: evaluation.
-- Plus one of every other rule, creator and resource type. $accounts are patterns of LIKE, $rules deployed names.
CREATE TABLE in_question AS
WITH evaluation AS (
    SELECT * REPLACE ('NON_COMPLIANT' AS compliance),
           list_contains($rules, rule) AND account IN (
               SELECT a.account FROM (SELECT DISTINCT account FROM read_parquet($files)) a, unnest($accounts) AS p (pattern)
               WHERE a.account LIKE p.pattern ESCAPE '\'
           ) AS in_question
    FROM read_parquet($files)
)
SELECT * EXCLUDE (in_question) FROM evaluation WHERE in_question
UNION ALL
SELECT DISTINCT ON (rule, creator, resource_type) * EXCLUDE (in_question) FROM evaluation WHERE NOT in_question
