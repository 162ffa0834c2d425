-- How many exceptions are live, about to end, over but still in effect, and renewals of an earlier one?
-- Live is computed from the interval, half-open, of approved exceptions: valid_from <= :as_of < valid_until.
-- Expiring within d days: live with valid_until <= :as_of + d days (a smaller window is part of the larger).
-- Expired but live: valid_until <= :as_of and reconciliation still finds non-compliant resources that lean on it, or AWS
-- still lets through what it approved.
-- Renewals: live exceptions that renew an earlier one.
-- Grain: one row per state. Unit: exceptions. n: the approved exceptions looked at.
-- Unknown: approved exceptions without both ends; for expired but live, those whose latest verdict is UNKNOWN or absent.
WITH approved AS (
    SELECT request_number, renewal_of, valid_from, valid_until, valid_from IS NULL OR valid_until IS NULL AS endless,
           valid_from <= :as_of AND :as_of < valid_until AS live
    FROM request_then WHERE kind = 'exception' AND status IN ('approved', 'in_progress', 'fulfilled', 'expired')
), verdict_then AS (
    SELECT DISTINCT ON (request_number) request_number, verdict
    FROM request_verdict WHERE as_of <= :as_of ORDER BY request_number, as_of DESC, snapshot_id DESC
), total AS (
    SELECT count(*) AS n, count(*) FILTER (WHERE endless) AS endless, count(*) FILTER (WHERE live) AS live,
           count(*) FILTER (WHERE live AND valid_until <= :as_of + interval '720 hours') AS in_30,
           count(*) FILTER (WHERE live AND valid_until <= :as_of + interval '1440 hours') AS in_60,
           count(*) FILTER (WHERE live AND valid_until <= :as_of + interval '2160 hours') AS in_90,
           count(*) FILTER (WHERE live AND renewal_of IS NOT NULL) AS renewals,
           count(*) FILTER (WHERE valid_until <= :as_of) AS over,
           count(*) FILTER (WHERE valid_until <= :as_of AND verdict LIKE 'EXPIRED_BUT_%') AS over_live,
           count(*) FILTER (WHERE valid_until <= :as_of AND coalesce(verdict, 'UNKNOWN') = 'UNKNOWN') AS over_unknown,
           EXISTS (SELECT FROM reconciliation_run WHERE as_of <= :as_of) AS reconciled
    FROM approved LEFT JOIN verdict_then USING (request_number)
)
SELECT dimension, value, 'exceptions' AS unit, states.n, unknown,
       CASE WHEN value IS NULL THEN 'no reconciliation has run yet' END AS reason
FROM total CROSS JOIN LATERAL (VALUES
    (jsonb_build_object('state', 'live'), live, n, endless),
    (jsonb_build_object('state', 'expiring', 'within', '30 days'), in_30, n, endless),
    (jsonb_build_object('state', 'expiring', 'within', '60 days'), in_60, n, endless),
    (jsonb_build_object('state', 'expiring', 'within', '90 days'), in_90, n, endless),
    (jsonb_build_object('state', 'expired but live'), CASE WHEN reconciled THEN over_live END, over, over_unknown),
    (jsonb_build_object('state', 'renewal'), renewals, live, endless)) AS states (dimension, value, n, unknown)
