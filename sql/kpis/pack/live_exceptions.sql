-- What does AWS itself except, plane by plane, and what of it is approved? From the last reconciliation up to :as_of.
-- Grain: one row per plane that holds or misses any, or of which something is not known. present: approved and there;
-- differs: approved, but not like this; not_approved: there without approval; missing: approved and not there; by_design:
-- part of the guardrail; not_known: verdicts UNKNOWN; gaps: places or listings that are not complete.
WITH last_run AS (
    SELECT summary -> 'live_exceptions' AS live FROM reconciliation_run
    WHERE as_of <= :as_of ORDER BY as_of DESC, run DESC LIMIT 1
), plane AS (
    SELECT p.plane, live -> 'verdicts' -> p.plane AS v, coalesce((live -> 'not_known' ->> p.plane)::bigint, 0) AS gaps
    FROM last_run CROSS JOIN LATERAL (
        SELECT jsonb_object_keys(coalesce(live -> 'verdicts', '{}') || coalesce(live -> 'not_known', '{}')) AS plane) p
)
SELECT plane, coalesce((v ->> 'PRESENT')::bigint, 0) AS present, coalesce((v ->> 'DIFFERENT')::bigint, 0) AS differs,
       coalesce((v ->> 'NOT_APPROVED')::bigint, 0) AS not_approved, coalesce((v ->> 'MISSING')::bigint, 0) AS missing,
       coalesce((v ->> 'BY_DESIGN')::bigint, 0) AS by_design, coalesce((v ->> 'UNKNOWN')::bigint, 0) AS not_known, gaps
FROM plane ORDER BY plane
