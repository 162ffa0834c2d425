-- Which accounts, regions, types of resources and deployed rules do evaluations speak of? Each gets a number, in the order of names.
CREATE TABLE seen_account AS
SELECT (row_number() OVER (ORDER BY id) - 1)::INTEGER AS account, id FROM (SELECT DISTINCT account AS id FROM raw_cell);

CREATE TABLE seen_region AS
SELECT (row_number() OVER (ORDER BY name) - 1)::INTEGER AS region, name FROM (SELECT DISTINCT region AS name FROM raw_cell);

-- creator NULL: not known. Grain: rule, creator, resource type.
CREATE TABLE deployed AS
SELECT (row_number() OVER (ORDER BY rule, creator NULLS FIRST, resource_type) - 1)::INTEGER AS deployment, rule, creator, resource_type
FROM (SELECT DISTINCT rule, creator, resource_type FROM raw_cell);

CREATE TABLE seen_type AS
SELECT (row_number() OVER (ORDER BY name) - 1)::INTEGER AS type, name FROM (SELECT DISTINCT resource_type AS name FROM raw_cell);

CREATE TABLE seen_place AS
SELECT DISTINCT a.account, g.region
FROM raw_cell c JOIN seen_account a ON a.id = c.account JOIN seen_region g ON g.name = c.region
