-- Which items do scopes fit that need rows? Grain: scope, cell, row (of a collapsed item its first row).
-- First the rows in place, by resource or through the cells of the scope; tags that are not known stay in, to be
-- told. Grain: scope, row.
CREATE TABLE row_placed AS
SELECT h.* FROM row_hit h
JOIN target t ON t.owner = h.scope AND t.account = h.account AND t.kind IN (h.kind, -1) AND t.mask & h.bit <> 0
UNION ALL
SELECT r.scope, n.row, n.cell, n.name, n.tag_set, n.bad, r.account, r.kind, r.bit, r.fresh, r.collapsed
FROM row_cell r JOIN needed_row n USING (cell)
WHERE NOT r.by_tag OR n.tag_set IS NULL
UNION ALL
SELECT r.scope, n.row, n.cell, n.name, n.tag_set, n.bad, r.account, r.kind, r.bit, r.fresh, r.collapsed
FROM row_cell r JOIN needed_row n USING (cell) JOIN tag_fit f ON f.owner = r.scope AND f.tag_set = n.tag_set
WHERE r.by_tag;

CREATE TABLE row_match AS
WITH fit AS (
    SELECT p.* FROM row_placed p JOIN scope s USING (scope) WHERE s.tags = 0
    UNION ALL
    SELECT p.* FROM row_placed p JOIN tag_fit f ON f.owner = p.scope AND f.tag_set = p.tag_set
), excluded AS (
    -- what tags a resource has may be unknown: then an exclusion by tags holds, so that nothing is covered by it
    SELECT DISTINCT f.scope, f.row
    FROM fit f
    JOIN exclusion x USING (scope)
    JOIN target t ON t.owner = x.exclusion AND t.account = f.account AND t.kind IN (f.kind, -1) AND t.mask & f.bit <> 0
    WHERE (NOT x.has_resource OR EXISTS (
              SELECT 1 FROM passed p JOIN resource_test q USING (test)
              JOIN placed_cell c ON c.cell = f.cell JOIN deployment k USING (deployment) JOIN account a ON a.account = f.account
              WHERE p.name = f.name AND q.owner = x.exclusion AND a.id LIKE q.account ESCAPE '\'
                AND k.service LIKE q.service ESCAPE '\' AND q.mask & f.bit <> 0))
      AND (x.tags = 0 OR f.tag_set IS NULL
           OR EXISTS (SELECT 1 FROM tag_fit g WHERE g.owner = x.exclusion AND g.tag_set = f.tag_set))
), kept AS (
    SELECT f.* FROM fit f ANTI JOIN excluded e ON e.scope = f.scope AND e.row = f.row
)
SELECT scope, cell::BIGINT AS cell, row, fresh, fresh AND bad AS nc_fresh, NOT fresh AND bad AS nc_stale
FROM kept WHERE NOT collapsed
UNION ALL
SELECT DISTINCT k.scope, i.cell, i.item, i.fresh, i.nc_fresh, i.nc_stale
FROM kept k JOIN member m USING (row) JOIN collapsed_item i USING (item)
WHERE k.collapsed
