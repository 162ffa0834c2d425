-- What do the evaluations consist of, in their own words? Two tables, from the view `evaluation`.
-- raw_cell. Grain: account, rule, region, creator, resource type. n: evaluations; nc: non-compliant ones;
-- content: a sum over their resources, equal for equal sets of resources (64-bit hashes).
CREATE TABLE raw_cell AS
SELECT account, rule, region, creator, resource_type, count(*) AS n, count(*) FILTER (WHERE bad) AS nc,
       sum(hash(resource_id, tag_set)) AS content
FROM evaluation GROUP BY ALL;

-- raw_resource. Grain: a resource as one evaluation knows it; with other tags it is another.
CREATE TABLE raw_resource AS
SELECT DISTINCT account, region, resource_type, resource_id, tag_set FROM evaluation
