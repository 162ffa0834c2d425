-- Which broad scopes fit which cells? Grain: cell, scope.
-- A cell fits while one of its regions is in scope and not excluded.
CREATE TABLE cell_match AS
WITH fit AS (
    SELECT c.cell, c.account, c.kind, t.owner AS scope, c.mask & t.mask AS mask
    FROM cell c
    JOIN account_place p USING (account)
    JOIN (SELECT t.* FROM target t JOIN scope s ON s.scope = t.owner AND s.is_broad) t
         ON t.place = p.place AND t.kind = c.kind
    WHERE c.mask & t.mask <> 0
    UNION ALL
    SELECT c.cell, c.account, c.kind, t.owner, c.mask & t.mask
    FROM cell c
    JOIN account_place p USING (account)
    JOIN (SELECT t.* FROM target t JOIN scope s ON s.scope = t.owner AND s.is_broad WHERE t.kind = -1) t
         ON t.place = p.place
    WHERE c.mask & t.mask <> 0
), excluded AS (
    SELECT f.cell, f.scope, bit_or(t.mask) AS mask
    FROM fit f
    JOIN exclusion x USING (scope)
    JOIN account_place p USING (account)
    JOIN target t ON t.owner = x.exclusion AND t.place = p.place AND t.kind IN (f.kind, -1)
    GROUP BY f.cell, f.scope
)
SELECT f.cell, f.scope
FROM fit f LEFT JOIN excluded e ON e.cell = f.cell AND e.scope = f.scope
WHERE f.mask & ~coalesce(e.mask, 0) <> 0
