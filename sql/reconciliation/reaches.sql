-- Which cells does each scope reach that names no resource? Grain: scope, cell. grp: the resources of the cell.
CREATE TABLE reach AS
WITH wide AS (
    SELECT t.owner AS scope, t.account, t.kind, t.mask, s.is_broad, s.condition, s.is_detailed
    FROM target t JOIN scope s ON s.scope = t.owner WHERE NOT s.has_resource
), met AS (
    SELECT w.*, d.kind AS met, c.cell, c.grp, c.is_full, c.n, c.nc, c.region
    FROM wide w JOIN deployment d USING (kind) JOIN cell c ON c.account = w.account AND c.deployment = d.deployment
    UNION ALL
    SELECT w.*, d.kind, c.cell, c.grp, c.is_full, c.n, c.nc, c.region
    FROM wide w JOIN cell c ON c.account = w.account JOIN deployment d USING (deployment) WHERE w.kind = -1
)
SELECT m.scope, m.cell, m.grp, m.account, m.met AS kind, g.bit, m.is_full, m.n, m.nc, m.is_broad, m.condition, m.is_detailed,
       f.cell IS NULL AS fresh, k.cell IS NOT NULL AS collapsed
FROM met m
JOIN region g ON g.number = m.region
LEFT JOIN stale_cell f ON f.cell = m.cell
LEFT JOIN collapsed_cell k ON k.cell = m.cell
WHERE g.bit & m.mask <> 0
