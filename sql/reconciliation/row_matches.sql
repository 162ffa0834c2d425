-- Which items do scopes fit that need rows? Grain: scope, cell, resource.
CREATE TABLE row_match AS
WITH placed AS (
    SELECT DISTINCT h.scope, h.raw_cell, h.resource_id, h.tag_set, h.compliance,
           c.account, c.region, c.kind, c.bit, c.service, c.fresh, c.collapsed, c.is_global
    FROM row_hit h
    JOIN scope s USING (scope)
    JOIN placed_cell c USING (raw_cell)
    JOIN account_place p ON p.account = c.account
    JOIN target t ON t.owner = h.scope AND t.place = p.place AND t.kind IN (c.kind, -1) AND t.mask & c.bit <> 0
    WHERE s.tags = 0 OR EXISTS (SELECT 1 FROM tag_fit f WHERE f.owner = h.scope AND f.tag_set = h.tag_set)
), excluded AS (
    -- what tags a resource has may be unknown: then an exclusion by tags holds, so that nothing is covered by it
    SELECT DISTINCT r.scope, r.raw_cell, r.resource_id
    FROM placed r
    JOIN exclusion x USING (scope)
    JOIN account_place p ON p.account = r.account
    JOIN target t ON t.owner = x.exclusion AND t.place = p.place AND t.kind IN (r.kind, -1) AND t.mask & r.bit <> 0
    LEFT JOIN resource_test q ON q.owner = x.exclusion
         AND CASE WHEN q.is_pattern THEN r.resource_id LIKE q.value ESCAPE '\' ELSE r.resource_id = q.value END
         AND r.account LIKE q.account ESCAPE '\' AND r.service LIKE q.service ESCAPE '\' AND q.mask & r.bit <> 0
    LEFT JOIN tag_fit f ON f.owner = x.exclusion AND f.tag_set = r.tag_set
    WHERE (NOT x.has_resource OR q.owner IS NOT NULL)
      AND (x.tags = 0 OR r.tag_set IS NULL OR f.owner IS NOT NULL)
), fit AS (
    SELECT * FROM placed ANTI JOIN excluded USING (scope, raw_cell, resource_id)
)
SELECT scope, raw_cell AS cell, resource_id, fresh, fresh AND compliance = 'NON_COMPLIANT' AS nc_fresh,
       NOT fresh AND compliance = 'NON_COMPLIANT' AS nc_stale
FROM fit WHERE NOT collapsed
UNION ALL
SELECT DISTINCT f.scope, i.cell, i.resource_id, i.fresh, i.nc_fresh, i.nc_stale
FROM fit f
JOIN collapsed_item i ON i.account = f.account AND i.kind = f.kind AND i.resource_id = f.resource_id
     AND i.region IS NOT DISTINCT FROM CASE WHEN NOT f.is_global THEN f.region END
WHERE f.collapsed
