-- Which non-compliant items has nobody approved? Grain: item with fresh evidence and no active exception.
-- expired: the exception that covered it last in rank, NULL: none ever did. By row, so that the full rows can
-- be joined in one pass.
SELECT o.row, a.id AS account, coalesce(g.region, 'global') AS region, c.kind, k.rule, r.exception AS expired
FROM outcome o
JOIN met_cell c USING (cell)
JOIN account a ON a.account = c.account
JOIN deployment k USING (deployment)
LEFT JOIN region g ON g.number = c.region
LEFT JOIN (SELECT DISTINCT rank, exception FROM scope) r ON r.rank = o.expired
WHERE o.fresh AND o.active IS NULL
ORDER BY o.row
