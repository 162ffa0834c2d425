-- Which exceptions fit each non-compliant item, and which of them wins?
-- Items that any exception fits. active, expired: the best rank among covering exceptions of that phase, NULL: none.
-- ends: the effective end, the latest among the active ones; fresh: the evidence of the item is. Grain: item.
CREATE TABLE hit AS
WITH cell_rank AS (
    SELECT m.cell, min(s.rank) FILTER (WHERE s.phase = 'active') AS active,
           min(s.rank) FILTER (WHERE s.phase = 'expired') AS expired,
           max(s.ends) FILTER (WHERE s.phase = 'active') AS ends
    FROM cell_match m JOIN scope s USING (scope) GROUP BY m.cell
), fit AS (
    SELECT (b.cell::BIGINT << 32) | b.resource AS item, b.cell NOT IN (SELECT cell FROM stale_cell) AS fresh, c.active, c.expired, c.ends
    FROM bad b JOIN cell_rank c ON c.cell = b.cell
    UNION ALL
    SELECT i.item, i.nc_fresh, c.active, c.expired, c.ends
    FROM collapsed_item i JOIN cell_rank c ON c.cell = i.cell WHERE i.nc_fresh OR i.nc_stale
    UNION ALL
    SELECT m.item, m.nc_fresh, CASE WHEN s.phase = 'active' THEN s.rank END, CASE WHEN s.phase = 'expired' THEN s.rank END,
           CASE WHEN s.phase = 'active' THEN s.ends END
    FROM row_match m JOIN scope s USING (scope) WHERE m.nc_fresh OR m.nc_stale
)
SELECT item, any_value(fresh) AS fresh, min(active) AS active, min(expired) AS expired, max(ends) AS ends FROM fit GROUP BY item;

-- All non-compliant items. row: the number of its first row in the snapshot; fresh: its evidence is. Grain: item.
CREATE VIEW bad_item AS
SELECT b.cell::BIGINT AS cell, (b.cell::BIGINT << 32) | b.resource AS item, b.row, b.resource,
       b.cell NOT IN (SELECT cell FROM stale_cell) AS fresh
FROM bad b ANTI JOIN collapsed_cell k ON k.cell = b.cell
UNION ALL
SELECT cell, item, row, resource, nc_fresh FROM collapsed_item WHERE nc_fresh OR nc_stale;

-- What becomes of each of them. Grain: item.
CREATE VIEW outcome AS
SELECT i.cell, i.item, i.row, i.resource, i.fresh, h.active, h.expired, h.ends FROM bad_item i LEFT JOIN hit h USING (item)
