-- Which cells do the evaluations fall into? Grain: account, region, rule as deployed, creator, resource type.
-- n: evaluations; nc: of those NON_COMPLIANT.
CREATE TABLE raw_cell AS
SELECT row_number() OVER (ORDER BY account, region, rule, creator, resource_type) AS raw_cell, *
FROM (
    SELECT account, region, rule, creator, resource_type, count(*) AS n,
           count(*) FILTER (WHERE compliance = 'NON_COMPLIANT') AS nc
    FROM evaluation GROUP BY account, region, rule, creator, resource_type
)
