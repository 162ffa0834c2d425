-- What was carried out in AWS? Grain: one row per execution that has begun.
-- runs: the runbooks, empty where the operation of a service is the change. targets: what it touched; empty: not told.
-- outcome: success, failed, running; NULL: a status that nobody here knows. reference: what it says it belongs to.
-- What is scheduled or waits for an approval has not begun. Statuses:
-- https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_AutomationExecutionMetadata.html
-- https://docs.aws.amazon.com/servicecatalog/latest/dg/API_RecordDetail.html
-- https://docs.aws.amazon.com/controltower/latest/APIReference/API_ControlOperationSummary.html
CREATE OR REPLACE TABLE execution AS
SELECT execution, 'ssm' AS service, list_transform(CASE WHEN coalesce(runbooks, '[]') <> '[]' THEN from_json(runbooks, '["VARCHAR"]')
                                                        ELSE [document] END, lambda r: regexp_replace(r, '^.*document/', '')) AS runs,
       coalesce(from_json(targets, '["VARCHAR"]'), []) AS targets, started_at, ended_at, status,
       CASE WHEN status IN ('Success', 'CompletedWithSuccess') THEN 'success'
            WHEN status IN ('Failed', 'TimedOut', 'Cancelled', 'CompletedWithFailure', 'Exited') THEN 'failed'
            WHEN status IN ('InProgress', 'RunbookInProgress', 'Waiting', 'Cancelling') THEN 'running' END AS outcome,
       change_request AS reference, ops_item, "by"
FROM listed_automation_executions
WHERE started_at IS NOT NULL AND status NOT IN (
    'Pending', 'PendingApproval', 'Approved', 'Rejected', 'Scheduled', 'PendingChangeCalendarOverride',
    'ChangeCalendarOverrideApproved', 'ChangeCalendarOverrideRejected')
UNION ALL
SELECT o.ops_item, 'ssm', [], [], o.actual_start, o.actual_end, o.status,
       CASE WHEN o.status IN ('CompletedWithSuccess', 'Closed', 'Resolved') THEN 'success'
            WHEN o.status IN ('CompletedWithFailure', 'Failed', 'TimedOut', 'Cancelled') THEN 'failed'
            WHEN o.status IN ('RunbookInProgress', 'InProgress') THEN 'running' END, o.title, o.ops_item, NULL
FROM listed_ops_items o
WHERE o.type = '/aws/changerequest' AND o.actual_start IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM listed_automation_executions e WHERE e.ops_item = o.ops_item)
UNION ALL
SELECT record, 'servicecatalog', [], list_filter([name, product_id], lambda t: t IS NOT NULL), created_at,
       CASE WHEN status IN ('SUCCEEDED', 'FAILED') THEN updated_at END, status,
       CASE status WHEN 'SUCCEEDED' THEN 'success' WHEN 'FAILED' THEN 'failed' WHEN 'IN_PROGRESS' THEN 'running'
                   WHEN 'IN_PROGRESS_IN_ERROR' THEN 'running' END, NULL, NULL, NULL
FROM listed_records WHERE type IN ('UPDATE_PROVISIONED_PRODUCT', 'TERMINATE_PROVISIONED_PRODUCT') AND status <> 'CREATED'
UNION ALL
SELECT operation, 'controltower', [], [control, regexp_extract(control, '[^/]+$'), target, regexp_extract(target, '[^/]+$')],
       started_at, ended_at, status,
       CASE status WHEN 'SUCCEEDED' THEN 'success' WHEN 'FAILED' THEN 'failed' WHEN 'IN_PROGRESS' THEN 'running' END, NULL, NULL, NULL
FROM listed_control_operations WHERE type IN ('UPDATE_ENABLED_CONTROL', 'DISABLE_CONTROL', 'RESET_ENABLED_CONTROL')
