-- Which non-compliant items has nobody approved? Grain: item with fresh evidence and no active exception.
-- expired: the exception that covered it last in rank, NULL: none ever did.
SELECT c.account, coalesce(c.region, 'global') AS region, c.kind, c.rule, o.resource_id, r.exception AS expired
FROM outcome o
JOIN cell c USING (cell)
LEFT JOIN (SELECT DISTINCT rank, exception FROM scope) r ON r.rank = o.expired
WHERE o.fresh AND o.active IS NULL
ORDER BY c.account, c.kind, region, o.resource_id
