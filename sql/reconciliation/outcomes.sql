-- Which exception wins each non-compliant item? Grain: item; row: the number of its row in the snapshot.
-- active, expired: the best rank among covering exceptions of that phase, NULL: none. ends: the effective end,
-- the latest among the active ones. fresh: the evidence of the item is.
CREATE TABLE outcome AS
WITH item AS (
    SELECT cell::BIGINT AS cell, row, fresh FROM bad_row
    UNION ALL
    SELECT cell, item, nc_fresh FROM collapsed_item WHERE nc_fresh OR nc_stale
), cell_rank AS (
    SELECT m.cell, min(s.rank) FILTER (WHERE s.phase = 'active') AS active,
           min(s.rank) FILTER (WHERE s.phase = 'expired') AS expired,
           max(s.ends) FILTER (WHERE s.phase = 'active') AS ends
    FROM cell_match m JOIN scope s USING (scope) GROUP BY m.cell
), row_rank AS (
    SELECT m.row, min(s.rank) FILTER (WHERE s.phase = 'active') AS active,
           min(s.rank) FILTER (WHERE s.phase = 'expired') AS expired,
           max(s.ends) FILTER (WHERE s.phase = 'active') AS ends
    FROM row_match m JOIN scope s USING (scope) WHERE m.nc_fresh OR m.nc_stale GROUP BY m.row
)
SELECT i.cell, i.row, i.fresh, least(c.active, r.active) AS active, least(c.expired, r.expired) AS expired,
       greatest(c.ends, r.ends) AS ends
FROM item i
LEFT JOIN cell_rank c ON c.cell = i.cell
LEFT JOIN row_rank r ON r.row = i.row
