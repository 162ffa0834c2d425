-- In each period: how many rungs of the ladder were reached, and how many of them by the last rung, the authority?
-- Grain: one row per period (:starts, :ends, half-open). Both are NULL before the ladder first ran.
WITH period AS (
    SELECT * FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) AS p (starts_at, ends_at)
), begun AS (
    SELECT min(as_of) AS at FROM send_ledger
)
SELECT p.starts_at, p.ends_at, CASE WHEN begun.at < p.ends_at THEN count(l.rung) END AS reminded,
       CASE WHEN begun.at < p.ends_at THEN count(l.rung) FILTER (WHERE audience = 'escalation_authority') END AS escalated
FROM period p CROSS JOIN begun
LEFT JOIN send_ledger l ON l.as_of >= p.starts_at AND l.as_of < p.ends_at AND l.as_of <= :as_of
GROUP BY p.starts_at, p.ends_at, begun.at
ORDER BY p.ends_at, p.starts_at
