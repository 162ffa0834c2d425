-- Which rows have to be listed? Non-compliant ones, and all rows of cells that are not full. Grain: row.
-- row: its number through all parts, in the order of their paths.
CREATE TABLE bad AS
SELECT p.first + e.row AS row, l.cell, r.resource
FROM (SELECT * FROM evaluation WHERE bad) e
JOIN part p ON p.filename = e.filename
JOIN seen_account a ON a.id = e.account
JOIN seen_region g ON g.name = e.region
JOIN deployed d ON d.rule = e.rule AND d.creator IS NOT DISTINCT FROM e.creator AND d.resource_type = e.resource_type
JOIN full_cell l ON l.account = a.account AND l.region = g.region AND l.deployment = d.deployment
JOIN resource r ON r.grp = l.grp AND r.resource_id = e.resource_id AND r.tag_set IS NOT DISTINCT FROM e.tag_set
ORDER BY l.cell, r.resource, row;

CREATE TABLE scattered AS
SELECT p.first + e.row AS row, l.cell, r.resource, e.bad
FROM (SELECT * FROM full_cell WHERE NOT is_full) l
JOIN seen_account a USING (account)
JOIN seen_region g USING (region)
JOIN deployed d USING (deployment)
JOIN evaluation e ON e.account = a.id AND e.region = g.name AND e.rule = d.rule
                 AND e.creator IS NOT DISTINCT FROM d.creator AND e.resource_type = d.resource_type
JOIN part p ON p.filename = e.filename
JOIN resource r ON r.grp = l.grp AND r.resource_id = e.resource_id AND r.tag_set IS NOT DISTINCT FROM e.tag_set
ORDER BY l.cell, r.resource, row;

-- What is a cell? n: its rows; nc: non-compliant ones, in `bad` from the place `first_bad` on. Grain: cell.
CREATE TABLE cell AS
SELECT cell, account, region, deployment, grp, n::INTEGER AS n, nc::INTEGER AS nc, is_full,
       (sum(nc) OVER (ORDER BY cell) - nc)::INTEGER AS first_bad
FROM full_cell ORDER BY cell;

-- In which cells does a resource show twice: because parts hold a row twice, or with different tags? Grain: cell.
CREATE TABLE repeated AS
SELECT cell FROM full_cell WHERE is_full AND NOT is_distinct
UNION ALL
SELECT x.cell FROM scattered x JOIN resource r USING (resource) GROUP BY x.cell HAVING count(DISTINCT r.resource_id) < count(*)
ORDER BY cell
