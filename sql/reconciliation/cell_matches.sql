-- Which broad scopes fit which cells? Grain: cell, scope.
-- A cell fits while one of its regions is in scope and not excluded.
CREATE TABLE cell_match AS
WITH broad AS (
    SELECT t.* FROM target t JOIN scope s ON s.scope = t.owner WHERE s.is_broad
), fit AS (
    SELECT c.cell, c.account, c.kind, t.owner AS scope, c.mask & t.mask AS mask
    FROM broad t JOIN met_cell c ON c.account = t.account AND c.kind = t.kind
    WHERE c.mask & t.mask <> 0
    UNION ALL
    SELECT c.cell, c.account, c.kind, t.owner, c.mask & t.mask
    FROM broad t JOIN met_cell c ON c.account = t.account
    WHERE t.kind = -1 AND c.mask & t.mask <> 0
), excluded AS (
    SELECT f.cell, f.scope, bit_or(t.mask) AS mask
    FROM fit f
    JOIN exclusion x USING (scope)
    JOIN target t ON t.owner = x.exclusion AND t.account = f.account AND t.kind IN (f.kind, -1)
    GROUP BY f.cell, f.scope
)
SELECT f.cell, f.scope
FROM fit f LEFT JOIN excluded e ON e.cell = f.cell AND e.scope = f.scope
WHERE f.mask & ~coalesce(e.mask, 0) <> 0
