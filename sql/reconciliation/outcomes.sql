-- What becomes of each non-compliant item? Grain: item. From `narrow`, which says "none" without NULLs.
-- item: its number; row: the first in the snapshot that speaks of it; fresh: its evidence is; active, expired: the best
-- rank among the covering exceptions of that phase; ends: the latest end of active ones in microseconds since 1970.
CREATE VIEW outcome AS
SELECT cell::BIGINT AS cell, coalesce(item, (cell::BIGINT << 32) | resource) AS item, row, resource, fresh = 1 AS fresh,
       nullif(active, 2147483647) AS active, nullif(expired, 2147483647) AS expired, nullif(ends, -4611686018427387904) AS ends
FROM narrow
