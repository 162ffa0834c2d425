-- Which cells are there, and which judge every resource of their group (is_full)?
-- Most rules do: then the rows of a cell are the resources of its group, and need not be listed.
CREATE TABLE full_cell AS
SELECT (row_number() OVER (ORDER BY a.account, d.deployment, g.region) - 1)::INTEGER AS cell, a.account, g.region,
       d.deployment, p.grp, c.n, c.nc, c.n = p.n AND c.content = p.content AS is_full, p.is_distinct
FROM raw_cell c
JOIN seen_account a ON a.id = c.account
JOIN seen_region g ON g.name = c.region
JOIN deployed d ON d.rule = c.rule AND d.creator IS NOT DISTINCT FROM c.creator AND d.resource_type = c.resource_type
JOIN full_group p ON p.account = a.account AND p.region = g.region AND p.resource_type = c.resource_type
