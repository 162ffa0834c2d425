-- What do the executions of each change say together? Grain: one row per change with an execution.
-- early: begun before it was approved, or never approved. outside: begun outside [begins, ends). over: began inside and
-- went on beyond the end. failed: nothing succeeded. partly: the last one failed, or a target was left out.
CREATE OR REPLACE TABLE change_fact AS
WITH each AS (
    SELECT c.request, e.*, c.targets AS asked_targets, c.patterns, c.runbook, c.begins, c.ends,
           CASE WHEN c.standing IN ('live', 'settled') THEN coalesce(e.started_at < c.approved_at, false)
                ELSE coalesce(e.started_at < c.approved_at, true) END AS early,
           len(c.targets) > 0 AND len(list_filter(e.targets, lambda t:
               len(list_filter(c.patterns, lambda p: t LIKE p ESCAPE '\')) = 0)) > 0 AS exceeding,
           c.runbook IS NOT NULL AND len(e.runs) > 0 AND NOT list_contains(e.runs, c.runbook) AS other_runbook,
           (c.begins IS NOT NULL AND e.started_at < c.begins) OR (c.ends IS NOT NULL AND e.started_at >= c.ends) AS outside
    FROM link l JOIN execution e USING (execution) JOIN change_asked c USING (request)
), reached AS (
    SELECT request, flatten(list(targets)) AS touched FROM each WHERE outcome = 'success' AND len(targets) > 0 GROUP BY request
)
SELECT request, count(*) AS executions, bool_or(early) AS early, bool_or(exceeding AND service = 'ssm') AS exceeding,
       bool_or(other_runbook) AS other_runbook, bool_or(outside) AS outside,
       bool_or(NOT outside AND ends IS NOT NULL AND (ended_at > ends OR (outcome = 'running' AND ends <= $as_of))) AS over,
       bool_or(outcome = 'running') AS running, bool_or(outcome IS NULL) AS unreadable,
       count(*) FILTER (WHERE outcome = 'success') = 0 AND count(*) FILTER (WHERE outcome = 'failed') > 0 AS failed,
       count(*) FILTER (WHERE outcome = 'success') > 0 AND (
           coalesce(arg_max(outcome, (coalesce(ended_at, started_at), execution)) FILTER (WHERE outcome IN ('success', 'failed')) = 'failed', false)
           OR coalesce(max(len(list_filter(patterns, lambda p: len(list_filter(r.touched, lambda t: t LIKE p ESCAPE '\')) = 0))) > 0, false)
       ) AS partly,
       min(started_at) AS started_at, max(coalesce(ended_at, started_at)) AS ended_at,
       list_sort(list(execution)) AS named, list_sort(list_distinct(flatten(list(runs)))) AS ran,
       list_sort(list_distinct(flatten(list(CASE WHEN exceeding AND service = 'ssm' THEN list_filter(targets, lambda t:
           len(list_filter(patterns, lambda p: t LIKE p ESCAPE '\')) = 0) ELSE [] END)))) AS beyond
FROM each LEFT JOIN reached r USING (request)
GROUP BY request
