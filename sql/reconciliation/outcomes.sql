-- What becomes of each non-compliant item? Grain: item. From `narrow`, which has one number for the best exception.
-- item: its number; row: the first in the snapshot that speaks of it; fresh: its evidence is; active: the best rank among
-- active exceptions that cover it; expired: among expired ones, where no active one does; ending: the latest end of active
-- ones, by its number in the table of that name.
CREATE VIEW outcome AS
SELECT cell::BIGINT AS cell, coalesce(item, (cell::BIGINT << 32) | resource) AS item, row, resource, fresh = 1 AS fresh,
       CASE WHEN best < 0 THEN best & 2147483647 END AS active,
       CASE WHEN best BETWEEN 0 AND 2147483646 THEN best END AS expired,
       nullif(ending, -1) AS ending
FROM narrow
