-- Which rows have a resource that a scope names, whatever else the scope asks? Grain: scope, row.
-- Mostly one test of a scope fits a name; only where several do, a row could show twice.
CREATE TABLE row_hit AS
WITH named AS (
    SELECT t.owner::INTEGER AS scope, p.name, t.account, t.mask, t.service, count(*) OVER (PARTITION BY t.owner, p.name) AS tests
    FROM passed p JOIN resource_test t USING (test) WHERE t.owner >= 0
), hit AS (
    SELECT h.tests, h.scope, n.row, n.cell, n.name, n.tag_set, n.bad, c.account, c.kind, c.bit, c.fresh, c.collapsed
    FROM named h
    JOIN needed_row n USING (name)
    JOIN placed_cell c USING (cell)
    JOIN deployment k USING (deployment)
    JOIN account a ON a.account = c.account
    WHERE h.mask & c.bit <> 0 AND (h.account = '%' OR a.id LIKE h.account ESCAPE '\')
      AND (h.service = '%' OR k.service LIKE h.service ESCAPE '\')
)
SELECT * EXCLUDE (tests) FROM hit WHERE tests = 1
UNION ALL
SELECT DISTINCT * EXCLUDE (tests) FROM hit WHERE tests > 1
