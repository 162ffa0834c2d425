-- Which resources are there? Grain: as raw_resource; grp: all of one account, region and type.
CREATE TABLE placed_resource AS
SELECT (row_number() OVER whole - 1)::INTEGER AS resource, (dense_rank() OVER grouped - 1)::INTEGER AS grp,
       r.resource_id, r.tag_set, a.account, g.region, r.resource_type
FROM raw_resource r JOIN seen_account a ON a.id = r.account JOIN seen_region g ON g.name = r.region
WINDOW whole AS (ORDER BY a.account, g.region, r.resource_type, r.resource_id, r.tag_set NULLS FIRST),
       grouped AS (ORDER BY a.account, g.region, r.resource_type);

-- What is in each group? is_distinct: no resource is known with different tags.
CREATE TABLE full_group AS
SELECT grp, any_value(account) AS account, any_value(region) AS region, any_value(resource_type) AS resource_type,
       count(*) AS n, sum(hash(resource_id, tag_set)) AS content, count(DISTINCT resource_id) = count(*) AS is_distinct
FROM placed_resource GROUP BY grp;

CREATE TABLE resource AS SELECT resource, grp, resource_id, tag_set FROM placed_resource ORDER BY resource;

-- Which resource comes next in the order of ids, byte by byte? To look up an id, or how it begins. Grain: resource.
CREATE TABLE resource_by_id AS
SELECT (row_number() OVER (ORDER BY resource_id, resource) - 1)::INTEGER AS position, resource FROM placed_resource;

-- Where is each group? n: its resources, numbered through. Grain: group.
CREATE TABLE resource_group AS
SELECT p.grp, p.account, p.region, t.type, p.n::INTEGER AS n
FROM full_group p JOIN seen_type t ON t.name = p.resource_type ORDER BY p.grp
