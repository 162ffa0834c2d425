-- At the end of each period: how many exceptions were live, how many of them ended within 30 days; in it: how many
-- renewals were approved; as last reconciled before its end: how many were over but still leaned on.
-- Grain: one row per period (:starts, :ends, half-open). Live as in exceptions.sql, with the decision and, where it was
-- revoked, the revocation taken into account. exceptions_expired_live is NULL before the first reconciliation.
WITH period AS (
    SELECT * FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) AS p (starts_at, ends_at)
), approved AS (
    SELECT r.request_number, renewal_of, min(o.valid_at) AS approved_at, valid_from, valid_until,
           coalesce(min(o.valid_at) FILTER (WHERE o.status IN ('revoked', 'withdrawn', 'closed')), 'infinity') AS ended_at
    FROM request_then r JOIN observation_then o USING (request_number)
    WHERE r.kind = 'exception' AND o.status IN ('approved', 'in_progress', 'fulfilled', 'revoked', 'withdrawn', 'closed')
    GROUP BY r.request_number, renewal_of, valid_from, valid_until
    HAVING bool_or(o.status IN ('approved', 'in_progress', 'fulfilled'))
)
SELECT p.starts_at, p.ends_at, a.exceptions_live, a.exceptions_expiring, a.renewals, v.exceptions_expired_live
FROM period p
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE live) AS exceptions_live,
           count(*) FILTER (WHERE live AND valid_until <= p.ends_at + interval '720 hours') AS exceptions_expiring,
           count(*) FILTER (WHERE renewal_of IS NOT NULL AND approved_at >= p.starts_at AND approved_at < p.ends_at) AS renewals
    FROM (SELECT *, approved_at < p.ends_at AND valid_from < p.ends_at AND valid_until >= p.ends_at AND ended_at >= p.ends_at
                 AS live FROM approved) q) a
CROSS JOIN LATERAL (
    SELECT CASE WHEN EXISTS (SELECT FROM reconciliation_run WHERE as_of < p.ends_at)
           THEN count(*) FILTER (WHERE verdict LIKE 'EXPIRED_BUT_%') END AS exceptions_expired_live
    FROM (SELECT DISTINCT ON (request_number) verdict FROM request_verdict JOIN request_then USING (request_number)
          WHERE as_of < p.ends_at ORDER BY request_number, as_of DESC, snapshot_id DESC) q) v
ORDER BY p.ends_at, p.starts_at
