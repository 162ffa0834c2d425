-- Which items are in the cells that are collapsed? From `collapsed_cell`.
-- The rows of these cells. item: the first of the same ones. Grain: cell, resource.
CREATE TABLE member AS
WITH listed AS (
    SELECT k.cell, r.resource FROM collapsed_cell k JOIN resource r USING (grp) WHERE k.is_full
    UNION ALL
    SELECT DISTINCT s.cell, s.resource FROM collapsed_cell k JOIN scattered s USING (cell) WHERE NOT k.is_full
), told AS (
    SELECT b.cell, b.resource, min(b.row) AS row FROM bad b SEMI JOIN collapsed_cell k USING (cell) GROUP BY b.cell, b.resource
), placed AS (
    SELECT l.cell, l.resource, t.row, k.account, k.kind, k.deployment, g.bit, l.cell NOT IN (SELECT cell FROM stale_cell) AS fresh,
           CASE WHEN NOT k.is_global THEN k.region END AS region, r.resource_id
    FROM listed l JOIN collapsed_cell k USING (cell) JOIN region g ON g.number = k.region JOIN resource r USING (resource)
    LEFT JOIN told t ON t.cell = l.cell AND t.resource = l.resource
)
SELECT * EXCLUDE (resource_id), min((cell::BIGINT << 32) | resource) OVER (PARTITION BY account, kind, region, resource_id) AS item
FROM placed;

-- The collapsed items. mask: regions it shows in; region NULL: global; row: its first non-compliant one. Grain: item.
CREATE TABLE collapsed_item AS
SELECT *, (SELECT count(*) FROM cell) + dense_rank() OVER (ORDER BY account, kind, region, mask) AS cell
FROM (
    SELECT item, any_value(account) AS account, any_value(kind) AS kind, any_value(region) AS region, bit_or(bit) AS mask,
           bool_or(fresh) AS fresh, bool_or(fresh AND row IS NOT NULL) AS nc_fresh,
           bool_or(row IS NOT NULL) AND NOT nc_fresh AS nc_stale, min(deployment) AS deployment, min(row) AS row,
           min(resource) AS resource
    FROM member GROUP BY item
);

-- Collapsed items that scopes of places and rules cannot tell apart. n: items; fresh: of those with fresh evidence;
-- nc_fresh, nc_stale: non-compliant items with and without. Grain: cell.
CREATE TABLE item_cell AS
SELECT cell, any_value(account) AS account, any_value(kind) AS kind, any_value(mask) AS mask, any_value(region) AS region,
       count(*) AS n, count(*) FILTER (WHERE fresh) AS fresh, count(*) FILTER (WHERE nc_fresh) AS nc_fresh,
       count(*) FILTER (WHERE nc_stale) AS nc_stale, min(deployment) AS deployment
FROM collapsed_item GROUP BY cell

