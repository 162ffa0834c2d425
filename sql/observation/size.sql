-- How large was the organization in the newest finished snapshot? One row; accounts is 0 where there is none.
-- Columns: those of observation.listings.Size; results are evaluations, a resource once for each of its rules.
WITH newest AS (
    SELECT snapshot_id FROM snapshot WHERE status = 'complete' ORDER BY as_of DESC LIMIT 1
), counted AS (
    SELECT d.service, d.dataset, sum(d.row_count)::int AS n
    FROM snapshot_dataset d JOIN newest USING (snapshot_id) GROUP BY d.service, d.dataset
)
SELECT (SELECT greatest(count(DISTINCT region), 1)::int FROM snapshot_dataset JOIN newest USING (snapshot_id)
        WHERE dataset = 'evaluations') AS regions,
       coalesce(sum(n) FILTER (WHERE dataset = 'accounts'), 0)::int AS accounts,
       coalesce(sum(n) FILTER (WHERE dataset = 'units'), 0)::int AS units,
       coalesce(sum(n) FILTER (WHERE dataset = 'policies'), 0)::int AS policies,
       coalesce(sum(n) FILTER (WHERE dataset = 'rules'), 0)::int AS rules,
       coalesce(sum(n) FILTER (WHERE dataset = 'evaluations'), 0)::int AS results,
       coalesce(sum(n) FILTER (WHERE dataset = 'delegated_administrators'), 0)::int AS administrators,
       coalesce(sum(n) FILTER (WHERE dataset = 'organization_rules'), 0)::int AS organization_rules,
       coalesce(sum(n) FILTER (WHERE dataset = 'remediations'), 0)::int AS remediations,
       coalesce(sum(n) FILTER (WHERE dataset = 'conformance_packs'), 0)::int AS packs,
       coalesce(sum(n) FILTER (WHERE dataset = 'organization_packs'), 0)::int AS organization_packs,
       coalesce(sum(n) FILTER (WHERE dataset = 'landing_zone'), 0)::int AS zones,
       coalesce(sum(n) FILTER (WHERE dataset = 'enabled_controls'), 0)::int AS controls,
       coalesce(sum(n) FILTER (WHERE dataset = 'enabled_baselines'), 0)::int AS baselines,
       coalesce(sum(n) FILTER (WHERE dataset = 'control_operations'), 0)::int AS operations,
       coalesce(sum(n) FILTER (WHERE dataset = 'provisioned_products'), 0)::int AS products,
       coalesce(sum(n) FILTER (WHERE dataset = 'records'), 0)::int AS records,
       coalesce(sum(n) FILTER (WHERE dataset = 'portfolios'), 0)::int AS portfolios,
       coalesce(sum(n) FILTER (WHERE dataset = 'ops_items'), 0)::int AS ops_items,
       coalesce(sum(n) FILTER (WHERE dataset = 'automation_executions'), 0)::int AS automations,
       coalesce(sum(n) FILTER (WHERE dataset = 'documents'), 0)::int AS documents,
       coalesce(sum(n) FILTER (WHERE dataset = 'calendars'), 0)::int AS calendars,
       coalesce(sum(n) FILTER (WHERE dataset = 'compliance_summaries'), 0)::int AS compliance_types,
       coalesce(sum(n) FILTER (WHERE service = 'organizations' AND dataset = 'tags'), 0)::int AS organization_tags
FROM counted
