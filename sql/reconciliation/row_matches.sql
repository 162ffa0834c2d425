-- Which items do scopes fit that need rows?
-- Simple scopes of one-scope exceptions are only counted. row_sum. Grain: scope, cell.
CREATE TABLE row_sum AS
WITH simple AS (
    SELECT scope, cell, grp, is_full, fresh FROM reach WHERE NOT is_broad AND NOT is_detailed AND NOT collapsed
)
SELECT r.scope, r.cell, p.n, r.fresh
FROM (SELECT scope, grp, count(*) AS n FROM picked GROUP BY scope, grp) p JOIN simple r USING (scope, grp) WHERE r.is_full
UNION ALL
SELECT r.scope, r.cell, count(*), any_value(r.fresh)
FROM simple r JOIN scattered w USING (cell) JOIN picked p ON p.scope = r.scope AND p.resource = w.resource
WHERE NOT r.is_full GROUP BY r.scope, r.cell;

-- The others are met row by row, so that exclusions and overlaps can be told. Grain: scope, cell, resource.
CREATE TABLE row_fit AS
WITH detailed AS (
    SELECT * FROM reach WHERE NOT is_broad AND (is_detailed OR collapsed)
)
SELECT r.scope, r.cell, p.resource, r.account, r.kind, r.bit, r.fresh, r.collapsed
FROM detailed r JOIN picked p USING (scope, grp) WHERE r.is_full
UNION ALL
SELECT DISTINCT r.scope, r.cell, p.resource, r.account, r.kind, r.bit, r.fresh, r.collapsed
FROM detailed r JOIN scattered w USING (cell) JOIN picked p ON p.scope = r.scope AND p.resource = w.resource
WHERE NOT r.is_full;

-- listed: every item of the scope in this cell is here, else only non-compliant ones. Grain: scope, item.
CREATE TABLE row_match AS
WITH excluded AS (
    -- what tags a resource has may be unknown: then an exclusion by tags holds, so that nothing is covered by it
    SELECT DISTINCT f.scope, f.cell, f.resource
    FROM row_fit f
    JOIN exclusion x USING (scope)
    JOIN target t ON t.owner = x.exclusion AND t.account = f.account AND t.kind IN (f.kind, -1) AND t.mask & f.bit <> 0
    JOIN tagged r USING (resource)
    WHERE (NOT x.has_resource OR EXISTS (SELECT 1 FROM named n WHERE n.owner = x.exclusion AND n.resource = f.resource))
      AND (x.condition IS NULL OR r.tag_set IS NULL
           OR EXISTS (SELECT 1 FROM tag_fit g WHERE g.condition = x.condition AND g.tag_set = r.tag_set))
), kept AS (
    SELECT f.* FROM row_fit f ANTI JOIN excluded e ON e.scope = f.scope AND e.cell = f.cell AND e.resource = f.resource
), likely AS MATERIALIZED (
    SELECT b.cell, b.resource, p.scope FROM bad b JOIN picked p USING (resource)
), known_bad AS (
    SELECT b.cell, b.resource FROM bad b SEMI JOIN (SELECT cell FROM kept WHERE NOT collapsed) k USING (cell)
)
SELECT k.scope, k.cell::BIGINT AS cell, (k.cell::BIGINT << 32) | k.resource AS item, k.fresh,
       k.fresh AND b.cell IS NOT NULL AS nc_fresh, NOT k.fresh AND b.cell IS NOT NULL AS nc_stale, true AS listed
FROM kept k LEFT JOIN known_bad b ON b.cell = k.cell AND b.resource = k.resource WHERE NOT k.collapsed
UNION ALL
SELECT DISTINCT k.scope, i.cell, i.item, i.fresh, i.nc_fresh, i.nc_stale, true
FROM kept k JOIN member m ON m.cell = k.cell AND m.resource = k.resource JOIN collapsed_item i USING (item)
WHERE k.collapsed
UNION ALL
SELECT r.scope, r.cell, (b.cell::BIGINT << 32) | b.resource, r.fresh, r.fresh, NOT r.fresh, false
FROM likely b
JOIN reach r ON r.scope = b.scope AND r.cell = b.cell
WHERE NOT r.is_broad AND NOT r.is_detailed AND NOT r.collapsed
