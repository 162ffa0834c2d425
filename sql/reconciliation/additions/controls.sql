-- Which enabled controls may be those asked for? Grain: one row per request and enabled control, or failed operation.
-- Found by the control's name or ARN; in place on the very unit. Drift that nobody checks is not in sync:
-- https://docs.aws.amazon.com/controltower/latest/APIReference/API_DriftStatusSummary.html
INSERT INTO candidate
WITH wanted AS (
    SELECT * FROM asked WHERE thing_type = 'enabled_control'
), found AS (
    SELECT w.request, w.parameters AS asked_parameters, w.regions AS asked_regions, c.*,
           EXISTS (SELECT 1 FROM asked_unit u WHERE u.request = w.request AND ends_with(c.target, '/' || u.unit)) AS in_place,
           from_json(c.regions, '[{"name": "VARCHAR", "status": "VARCHAR"}]') AS told_regions
    FROM wanted w JOIN listed_enabled_controls c ON c.control = w.control OR ends_with(c.control, '/' || w.control)
), latest AS (
    SELECT w.request, o.* FROM wanted w JOIN asked_unit u USING (request) JOIN listed_control_operations o
      ON (o.control = w.control OR ends_with(o.control, '/' || w.control)) AND ends_with(o.target, '/' || u.unit)
    QUALIFY row_number() OVER (PARTITION BY w.request ORDER BY o.started_at DESC, o.operation DESC) = 1
)
SELECT request, arn, in_place, CASE WHEN asked_parameters IS NULL THEN true ELSE coalesce(asked_parameters = parameters, false) END,
       CASE WHEN status = 'FAILED' THEN 'failed'
            WHEN status = 'UNDER_CHANGE' THEN 'changing'
            WHEN list_has_any(asked_regions, list_transform(list_filter(told_regions, lambda r: r.status = 'FAILED'), lambda r: r.name))
                 OR NOT list_has_all(coalesce(list_transform(told_regions, lambda r: r.name), []), coalesce(asked_regions, [])) THEN 'partial'
            WHEN 'DRIFTED' IN (coalesce(drift, ''), coalesce(inheritance_drift, ''), coalesce(resource_drift, '')) THEN 'drifted'
            WHEN coalesce(drift, 'UNKNOWN') <> 'IN_SYNC' OR status IS DISTINCT FROM 'SUCCEEDED' THEN 'unverified'
            ELSE 'ready' END,
       'status ' || coalesce(status, 'unknown') || ', drift ' || coalesce(drift, 'unknown') || ', in '
           || coalesce(nullif(array_to_string(list_sort(list_transform(told_regions, lambda r: r.name)), ', '), ''), 'no region')
FROM found
UNION ALL
SELECT request, operation, true, true, CASE status WHEN 'FAILED' THEN 'failed' ELSE 'changing' END,
       'operation ' || operation || ' is ' || status || coalesce(': ' || message, '')
FROM latest l
WHERE type = 'ENABLE_CONTROL' AND status IN ('FAILED', 'IN_PROGRESS')
  AND NOT EXISTS (SELECT 1 FROM found f WHERE f.request = l.request AND f.in_place)
