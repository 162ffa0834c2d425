-- Which broad scopes fit which cells? Grain: cell, scope; counts as in item_cell.
-- A cell fits while one of its regions is in scope and not excluded.
CREATE TABLE cell_match AS
WITH fit AS (
    SELECT r.cell::BIGINT AS cell, r.scope, r.account, r.kind, r.bit AS mask, r.n, CASE WHEN fresh THEN n ELSE 0 END AS fresh,
           CASE WHEN fresh THEN nc ELSE 0 END AS nc_fresh, CASE WHEN fresh THEN 0 ELSE nc END AS nc_stale
    FROM reach r WHERE r.is_broad AND NOT r.collapsed
    UNION ALL
    SELECT i.cell, t.owner, i.account, i.kind, i.mask & t.mask, i.n, i.fresh, i.nc_fresh, i.nc_stale
    FROM item_cell i JOIN target t ON t.account = i.account AND t.kind IN (i.kind, -1) JOIN scope s ON s.scope = t.owner
    WHERE s.is_broad AND i.mask & t.mask <> 0
), excluded AS (
    SELECT f.cell, f.scope, bit_or(t.mask) AS mask
    FROM fit f
    JOIN exclusion x USING (scope)
    JOIN target t ON t.owner = x.exclusion AND t.account = f.account AND t.kind IN (f.kind, -1)
    GROUP BY f.cell, f.scope
)
SELECT f.cell, f.scope, f.n, f.fresh, f.nc_fresh, f.nc_stale
FROM fit f LEFT JOIN excluded e ON e.cell = f.cell AND e.scope = f.scope
WHERE f.mask & ~coalesce(e.mask, 0) <> 0
