-- What is each raw cell? Its kind, its region's bit, whether its evidence is fresh, and whether its rows must
-- be collapsed because one item shows several times: a global resource in every region, or one rule deployed
-- twice under generated names. Grain: raw cell.
CREATE TABLE placed_cell AS
SELECT r.*, k.kind, k.is_global, k.service, g.bit, k.sound AND coalesce(p.fresh, false) AS fresh,
       k.is_global OR count(*) OVER (PARTITION BY r.account, r.region, k.kind) > 1 AS collapsed
FROM raw_cell r
JOIN kind k ON k.rule = r.rule AND k.resource_type = r.resource_type AND k.creator IS NOT DISTINCT FROM r.creator
JOIN region g ON g.region = r.region
LEFT JOIN place p ON p.account = r.account AND p.region = r.region;

-- The collapsed items. Grain: account, kind, region (NULL: global), resource. mask: regions it shows in.
CREATE TABLE collapsed_item AS
SELECT *, (SELECT count(*) FROM raw_cell) + dense_rank() OVER (ORDER BY account, kind, region, mask) AS cell
FROM (
    SELECT c.account, c.kind, CASE WHEN NOT c.is_global THEN c.region END AS region, e.resource_id,
           bit_or(c.bit) AS mask, bool_or(c.fresh) AS fresh,
           bool_or(c.fresh AND e.compliance = 'NON_COMPLIANT') AS nc_fresh,
           bool_or(e.compliance = 'NON_COMPLIANT') AND NOT nc_fresh AS nc_stale,
           min(e.rule) AS rule
    FROM evaluation e
    JOIN placed_cell c ON c.collapsed AND e.account = c.account AND e.region = c.region AND e.rule = c.rule
         AND e.creator IS NOT DISTINCT FROM c.creator AND e.resource_type = c.resource_type
    GROUP BY c.account, c.kind, CASE WHEN NOT c.is_global THEN c.region END, e.resource_id
);

-- All cells that scopes are matched on. n: items; fresh: items with fresh evidence; nc_fresh, nc_stale:
-- non-compliant items with and without fresh evidence. Grain: cell.
CREATE TABLE cell AS
SELECT raw_cell AS cell, account, kind, bit AS mask, region, n, CASE WHEN fresh THEN n ELSE 0 END AS fresh,
       CASE WHEN fresh THEN nc ELSE 0 END AS nc_fresh, CASE WHEN fresh THEN 0 ELSE nc END AS nc_stale, rule
FROM placed_cell WHERE NOT collapsed
UNION ALL
SELECT cell, any_value(account), any_value(kind), any_value(mask), any_value(region), count(*),
       count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE nc_fresh), count(*) FILTER (WHERE nc_stale), min(rule)
FROM collapsed_item GROUP BY cell
