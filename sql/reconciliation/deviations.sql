-- Which non-compliant items has nobody approved? Grain: item with fresh evidence and no active exception.
-- rule: as deployed. expired: the exception that covered it last in rank, NULL: none ever did.
CREATE OR REPLACE VIEW deviation AS
SELECT a.id AS account, coalesce(g.region, 'global') AS region, c.kind, k.rule, r.exception AS expired, i.resource_id
FROM outcome o
JOIN met_cell c ON c.cell = o.cell
JOIN account a ON a.account = c.account
JOIN deployment k ON k.deployment = c.deployment
JOIN resource i ON i.resource = o.resource
LEFT JOIN region g ON g.number = c.region
LEFT JOIN (SELECT DISTINCT rank, exception FROM scope) r ON r.rank = o.expired
WHERE o.fresh AND o.active IS NULL
