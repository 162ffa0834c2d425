-- Is AWS as the register says it should be? From the last reconciliation up to :as_of.
-- compliance without exceptions: share of assessed evaluations that are compliant.
-- compliance with exceptions: the same, where what a live exception covers counts as compliant.
-- deviations: non-compliant and covered by no live exception; of these, expired deviations were covered once.
-- coverage: share of the places to look at (account and region) whose evaluations are complete and fresh; the others are
-- unknown, never clean. assessed: share of the evaluations that were read and are fresh.
-- verdict: requests by their latest verdict, apart for each kind; finding: findings that were open at :as_of, by type.
-- Grain: one row per measure, verdict and type. Unit: as named. n: evaluations, requests or findings looked at.
-- Unknown: evaluations (for coverage: places) without fresh evidence; requests whose verdict is UNKNOWN.
WITH last_run AS (
    SELECT summary FROM reconciliation_run WHERE as_of <= :as_of ORDER BY as_of DESC, run DESC LIMIT 1
), total AS (
    SELECT (summary ->> 'evaluations')::double precision AS evaluations, (summary ->> 'assessed')::double precision AS assessed,
           (summary ->> 'covered')::double precision AS covered, (summary ->> 'deviations')::double precision AS deviations,
           (summary ->> 'expired_deviations')::double precision AS expired, place.places, place.complete
    FROM (SELECT 1) one LEFT JOIN last_run ON true LEFT JOIN LATERAL (
        SELECT sum(c.value::double precision) AS places, sum(c.value::double precision) FILTER (WHERE c.key = 'COMPLETE') AS complete
        FROM jsonb_each(summary -> 'coverage') d CROSS JOIN LATERAL jsonb_each_text(d.value) c
        WHERE d.key LIKE 'config/evaluations/%') place ON true
), verdict_then AS (
    SELECT DISTINCT ON (request_number) kind, verdict FROM request_verdict JOIN request_then USING (request_number)
    WHERE as_of <= :as_of ORDER BY request_number, as_of DESC, snapshot_id DESC
), finding_then AS (
    SELECT DISTINCT ON (finding_number) type, change FROM finding_event
    WHERE at <= :as_of ORDER BY finding_number, event DESC
)
SELECT dimension, value, unit, n::bigint AS n, unknown::bigint AS unknown,
       CASE WHEN value IS NOT NULL THEN NULL WHEN NOT EXISTS (SELECT FROM last_run) THEN 'no reconciliation has run yet'
            ELSE 'nothing could be assessed: no fresh evidence' END AS reason
FROM (
    SELECT m.place, jsonb_build_object('measure', m.name) AS dimension, m.value, m.unit,
           coalesce(m.n, 0) AS n, coalesce(m.unknown, 0) AS unknown
    FROM total CROSS JOIN LATERAL (VALUES
        (1, 'compliance without exceptions', 1 - (covered + deviations) / nullif(assessed, 0), 'share', assessed, evaluations - assessed),
        (2, 'compliance with exceptions', 1 - deviations / nullif(assessed, 0), 'share', assessed, evaluations - assessed),
        (3, 'deviations', deviations, 'evaluations', assessed, evaluations - assessed),
        (4, 'expired deviations', expired, 'evaluations', deviations, 0),
        (5, 'coverage', coalesce(complete, 0) / nullif(places, 0), 'share', places, places - coalesce(complete, 0)),
        (6, 'assessed', assessed / nullif(evaluations, 0), 'share', evaluations, evaluations - assessed)) AS m (place, name, value, unit, n, unknown)
    UNION ALL
    SELECT 7, jsonb_build_object('kind', kind, 'verdict', verdict), count(*), 'requests', sum(count(*)) OVER (PARTITION BY kind),
           CASE verdict WHEN 'UNKNOWN' THEN count(*) ELSE 0 END
    FROM verdict_then GROUP BY kind, verdict
    UNION ALL
    SELECT 8, jsonb_build_object('finding', type), count(*), 'findings', sum(count(*)) OVER (), 0
    FROM finding_then WHERE change <> 'resolved' GROUP BY type
) q
ORDER BY place, CASE WHEN place > 6 THEN -value END, dimension
