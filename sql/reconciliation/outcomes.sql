-- Which exception wins each non-compliant item? Grain: item (cell, resource).
-- active, expired: the best rank among covering exceptions of that phase, NULL: none. ends: the effective end,
-- the latest among the active ones. fresh: the evidence of the item is.
CREATE TABLE outcome AS
WITH item AS (
    SELECT c.raw_cell AS cell, e.resource_id, c.fresh
    FROM evaluation e
    JOIN placed_cell c ON e.account = c.account AND e.region = c.region AND e.rule = c.rule
         AND e.creator IS NOT DISTINCT FROM c.creator AND e.resource_type = c.resource_type
    WHERE e.compliance = 'NON_COMPLIANT' AND NOT c.collapsed
    UNION ALL
    SELECT cell, resource_id, nc_fresh FROM collapsed_item WHERE nc_fresh OR nc_stale
), cell_rank AS (
    SELECT m.cell, min(s.rank) FILTER (WHERE s.phase = 'active') AS active,
           min(s.rank) FILTER (WHERE s.phase = 'expired') AS expired,
           max(s.ends) FILTER (WHERE s.phase = 'active') AS ends
    FROM cell_match m JOIN scope s USING (scope) GROUP BY m.cell
), row_rank AS (
    SELECT m.cell, m.resource_id, min(s.rank) FILTER (WHERE s.phase = 'active') AS active,
           min(s.rank) FILTER (WHERE s.phase = 'expired') AS expired,
           max(s.ends) FILTER (WHERE s.phase = 'active') AS ends
    FROM row_match m JOIN scope s USING (scope) GROUP BY m.cell, m.resource_id
)
SELECT i.cell, i.resource_id, i.fresh, least(c.active, r.active) AS active, least(c.expired, r.expired) AS expired,
       greatest(c.ends, r.ends) AS ends
FROM item i
LEFT JOIN cell_rank c ON c.cell = i.cell
LEFT JOIN row_rank r ON r.cell = i.cell AND r.resource_id = i.resource_id
