-- How many non-compliant items are in scope? Grain: account, kind (rule and resource type), the most first.
-- items: all of them; taken: of those, what other exceptions cover already; unknown: without fresh evidence.
SELECT a.id AS account, c.kind, count(*) AS items,
       count(*) FILTER (WHERE i.item IN (SELECT item FROM preview_covered)) AS taken,
       count(*) FILTER (WHERE NOT i.fresh) AS unknown
FROM preview_item i JOIN met_cell c USING (cell) JOIN account a ON a.account = c.account
GROUP BY a.id, c.kind
ORDER BY items DESC, a.id, c.kind
