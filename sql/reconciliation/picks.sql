-- Which resources do scopes pick that need rows? First the cells of scopes that name resources, added to reach.
INSERT INTO reach BY NAME
WITH spread AS (
    SELECT DISTINCT owner AS scope, grp, account FROM named WHERE owner >= 0
), met AS (
    SELECT p.*, c.cell, c.deployment, c.region, c.is_full, c.n, c.nc, d.kind
    FROM spread p JOIN cell c USING (grp) JOIN deployment d USING (deployment)
)
SELECT m.scope, m.cell, m.grp, m.account, m.kind, g.bit, m.is_full, m.n, m.nc, false AS is_broad, s.condition, s.is_detailed,
       f.cell IS NULL AS fresh, k.cell IS NOT NULL AS collapsed
FROM met m
JOIN target t ON t.owner = m.scope AND t.account = m.account AND t.kind IN (m.kind, -1)
JOIN region g ON g.number = m.region
JOIN scope s ON s.scope = m.scope
LEFT JOIN stale_cell f ON f.cell = m.cell
LEFT JOIN collapsed_cell k ON k.cell = m.cell
WHERE t.mask & g.bit <> 0;

-- Then the resources: by name, by tags, by both, or all where only an exclusion needs rows. Grain: scope, resource.
CREATE TABLE picked AS
WITH told AS MATERIALIZED (
    SELECT r.resource, r.grp, f.condition FROM tagged r JOIN tag_fit f USING (tag_set)
), sought AS (
    SELECT DISTINCT r.scope, r.grp, r.condition FROM reach r JOIN scope s USING (scope) WHERE NOT r.is_broad AND NOT s.has_resource
)
SELECT n.owner AS scope, n.resource, n.grp FROM named n JOIN scope s ON s.scope = n.owner WHERE s.condition IS NULL
UNION ALL
SELECT n.owner, n.resource, n.grp
FROM named n JOIN scope s ON s.scope = n.owner JOIN tagged r USING (resource)
JOIN tag_fit f ON f.condition = s.condition AND f.tag_set = r.tag_set
UNION ALL
SELECT w.scope, r.resource, r.grp
FROM told r JOIN sought w ON w.grp = r.grp AND w.condition = r.condition
UNION ALL
SELECT w.scope, r.resource, r.grp FROM tagged r JOIN sought w USING (grp) WHERE w.condition IS NULL
