-- How large was the organization in the newest finished snapshot? One row; accounts is 0 where there is none.
-- Results: resources times rules that were judged, as evaluations.
WITH newest AS (
    SELECT snapshot_id FROM snapshot WHERE status = 'complete' ORDER BY as_of DESC LIMIT 1
)
SELECT coalesce(sum(row_count) FILTER (WHERE dataset = 'accounts'), 0)::int AS accounts,
       greatest(count(DISTINCT region) FILTER (WHERE dataset = 'evaluations'), 1)::int AS regions,
       coalesce(sum(row_count) FILTER (WHERE dataset = 'units'), 0)::int AS units,
       coalesce(sum(row_count) FILTER (WHERE dataset = 'policies'), 0)::int AS policies,
       coalesce(sum(row_count) FILTER (WHERE dataset = 'rules'), 0)::int AS rules,
       coalesce(sum(row_count) FILTER (WHERE dataset = 'evaluations'), 0)::int AS results
FROM snapshot_dataset JOIN newest USING (snapshot_id)
