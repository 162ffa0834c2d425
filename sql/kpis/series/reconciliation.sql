-- As last reconciled in each period: compliance with and without exceptions, deviations, coverage.
-- Grain: one row per period (:starts, :ends, half-open); all NULL where no reconciliation ran in it.
WITH period AS (
    SELECT * FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) AS p (starts_at, ends_at)
), run_total AS (
    SELECT run, as_of, (summary ->> 'assessed')::double precision AS assessed, (summary ->> 'covered')::double precision AS covered,
           (summary ->> 'deviations')::double precision AS deviations,
           (SELECT coalesce(sum(c.value::double precision) FILTER (WHERE c.key = 'COMPLETE'), 0) / nullif(sum(c.value::double precision), 0)
            FROM jsonb_each(summary -> 'coverage') d CROSS JOIN LATERAL jsonb_each_text(d.value) c
            WHERE d.key LIKE 'config/evaluations/%') AS coverage
    FROM reconciliation_run WHERE as_of <= :as_of
)
SELECT p.starts_at, p.ends_at, 1 - (covered + deviations) / nullif(assessed, 0) AS compliance_without,
       1 - deviations / nullif(assessed, 0) AS compliance_with, deviations, coverage
FROM period p LEFT JOIN LATERAL (
    SELECT * FROM run_total WHERE as_of >= p.starts_at AND as_of < p.ends_at ORDER BY as_of DESC, run DESC LIMIT 1) r ON true
ORDER BY p.ends_at, p.starts_at
