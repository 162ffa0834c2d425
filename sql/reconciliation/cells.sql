-- What do scopes of places and rules meet? Cells, and items that show several times, collapsed into one.
-- Which rows are the same item? Grain: row of a collapsed cell. item: the first of the rows.
CREATE TABLE member AS
SELECT n.row, n.bad, c.account, c.kind, c.deployment, c.bit, c.fresh, CASE WHEN NOT k.is_global THEN c.region END AS region,
       min(n.row) OVER (PARTITION BY c.account, c.kind, CASE WHEN NOT k.is_global THEN c.region END, n.resource_id) AS item
FROM needed_row n JOIN placed_cell c USING (cell) JOIN deployment k USING (deployment)
WHERE c.collapsed;

-- The collapsed items. mask: regions it shows in; region NULL: global. Grain: item.
CREATE TABLE collapsed_item AS
SELECT *, (SELECT count(*) FROM placed_cell) + dense_rank() OVER (ORDER BY account, kind, region, mask) AS cell
FROM (
    SELECT item, any_value(account) AS account, any_value(kind) AS kind, any_value(region) AS region, bit_or(bit) AS mask,
           bool_or(fresh) AS fresh, bool_or(fresh AND bad) AS nc_fresh, bool_or(bad) AND NOT nc_fresh AS nc_stale,
           min(deployment) AS deployment
    FROM member GROUP BY item
);

-- All cells that scopes are matched on. n: items; fresh: items with fresh evidence; nc_fresh, nc_stale:
-- non-compliant items with and without fresh evidence. Grain: cell.
CREATE TABLE met_cell AS
SELECT cell::BIGINT AS cell, account, kind, bit AS mask, region, n, CASE WHEN fresh THEN n ELSE 0 END AS fresh,
       CASE WHEN fresh THEN nc ELSE 0 END AS nc_fresh, CASE WHEN fresh THEN 0 ELSE nc END AS nc_stale, deployment
FROM placed_cell WHERE NOT collapsed
UNION ALL
SELECT cell, any_value(account), any_value(kind), any_value(mask), any_value(region), count(*),
       count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE nc_fresh), count(*) FILTER (WHERE nc_stale), min(deployment)
FROM collapsed_item GROUP BY cell
