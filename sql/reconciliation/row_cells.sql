-- In which cells does a scope need every row, because tags or an exclusion decide? Grain: scope, cell.
-- by_tag: only rows with fitting tags. Scopes that name resources are looked up by these instead.
CREATE TABLE row_cell AS
WITH wide AS (
    SELECT t.*, s.tags > 0 AS by_tag
    FROM target t JOIN scope s ON s.scope = t.owner WHERE NOT s.is_broad AND NOT s.has_resource
)
SELECT w.owner AS scope, w.by_tag, c.cell, c.account, c.kind, c.bit, c.fresh, c.collapsed
FROM wide w JOIN placed_cell c ON c.account = w.account AND c.kind = w.kind WHERE c.bit & w.mask <> 0
UNION ALL
SELECT w.owner, w.by_tag, c.cell, c.account, c.kind, c.bit, c.fresh, c.collapsed
FROM wide w JOIN placed_cell c ON c.account = w.account WHERE w.kind = -1 AND c.bit & w.mask <> 0
