-- Which change does each execution belong to? Grain: one row per execution that belongs to one.
-- In this order: it names the request (id, key in its source, OpsItem), or the request names the execution; its
-- runbook and its targets are those of an approved change, within $slack of the window; it touched a target of an
-- approved change within the window, by another runbook. Of several the nearest window, then the lowest number.
-- fit: how well a target fits; a pattern of the request may hold * and ?.
CREATE OR REPLACE TABLE link AS
WITH pair AS (
    SELECT e.execution, c.request,
           e.ops_item = c.source_key OR e.reference IN (c.request_id, c.source_key)
               OR regexp_extract(e.reference, 'CHG-[0-9]{6,}') = c.request_id OR list_contains(c.targets, e.execution) AS named,
           len(list_filter(e.targets, lambda t: len(list_filter(c.patterns, lambda p: t LIKE p ESCAPE '\')) > 0)) > 0 AS touched,
           len(e.targets) = 0 OR len(c.targets) = 0 AS untold,
           list_contains(e.runs, c.runbook) AS same_runbook, len(e.runs) = 0 AS no_runbook,
           greatest(epoch(c.begins) - epoch(e.started_at), epoch(e.started_at) - epoch(c.ends), 0) AS apart,
           c.standing IN ('live', 'settled') AS approved,
           (c.begins IS NULL OR e.started_at >= c.begins) AND (c.ends IS NULL OR e.started_at < c.ends) AS inside
    FROM execution e CROSS JOIN change_asked c
), rated AS (
    SELECT *, CASE WHEN coalesce(named, false) THEN 1
                   WHEN approved AND coalesce(apart, 0) <= $slack AND
                        (coalesce(same_runbook, false) AND (touched OR untold) OR (no_runbook AND touched)) THEN 2
                   WHEN approved AND inside AND touched AND NOT no_runbook THEN 3 END AS way
    FROM pair
)
SELECT execution, request, way FROM rated WHERE way IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY execution ORDER BY way, coalesce(apart, 0), request) = 1
