-- Which sources bring nothing any more, because their batch is held or their pull fails? Grain: source and way of stopping.
-- A held batch counts at once; failed pulls from the third in a row, because most mend themselves. first_run names the
-- episode: it stays the same until a run ends well, so its owner is told once.
WITH since AS (
    SELECT i.* FROM intake_run i
    WHERE i.as_of <= :now AND i.mode <> 'replay' AND i.status IN ('held', 'failed')
      AND i.run_id > coalesce((SELECT max(g.run_id) FROM intake_run g
                               WHERE g.source = i.source AND g.mode <> 'replay' AND g.as_of <= :now
                                 AND g.status IN ('complete', 'shadow')), 0)
)
SELECT source, status, min(run_id) AS first_run, count(*) AS runs, min(as_of) AS since,
       (array_agg(message ORDER BY run_id DESC))[1] AS message, (array_agg(pulled ORDER BY run_id DESC))[1] AS pulled,
       (array_agg(page ORDER BY run_id DESC))[1] AS page
FROM since
GROUP BY source, status
HAVING status = 'held' OR count(*) >= 3
ORDER BY source, status DESC
