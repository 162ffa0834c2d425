-- What are the deviations, told without naming each? Grain: kind, deployed rule, exception that covered it last.
-- The same items give the same sums; what differs in one item differs in them. Names are hashed where each stands once,
-- and numbers are joined with the many. Region -1: none, of a global resource.
WITH place AS (
    SELECT a.account, g.number AS region, hash(a.id, coalesce(g.region, 'global')) AS name
    FROM account a CROSS JOIN (SELECT number, region FROM region UNION ALL SELECT -1, NULL) g
), thing AS (
    SELECT resource, hash(resource_id) AS name FROM resource
), item AS (
    SELECT c.kind, c.deployment, o.expired, hash(p.name, t.name) AS item
    FROM outcome o
    JOIN met_cell c ON c.cell = o.cell
    JOIN place p ON p.account = c.account AND p.region = coalesce(c.region, -1)
    JOIN thing t ON t.resource = o.resource
    WHERE o.fresh AND o.active IS NULL
), counted AS (
    SELECT kind, deployment, expired, count(*) AS items, sum(item) AS total, bit_xor(item) AS parity
    FROM item GROUP BY kind, deployment, expired
)
SELECT c.kind, k.rule, r.exception AS expired, sum(c.items)::BIGINT AS items, sum(c.total) AS total, bit_xor(c.parity) AS parity
FROM counted c
JOIN deployment k ON k.deployment = c.deployment
LEFT JOIN (SELECT DISTINCT rank, exception FROM scope) r ON r.rank = c.expired
GROUP BY c.kind, k.rule, r.exception
ORDER BY c.kind, k.rule, r.exception
