-- How many findings of which type are open now? Grain: one row per type.
SELECT type AS name, count(*) AS n FROM finding WHERE status = 'open' GROUP BY type ORDER BY n DESC, type
