-- Which exceptions are live at :now, as the register knows them? One row per exception, by number.
-- renewals: how many requests it renews, one after the other. :also names a request that is asked about whatever
-- its status; is_live tells it from the others.
-- A request whose latest observation is not after :now is as its row says; only of the others, and of those whose
-- source does not say when they were decided, the history is read.
WITH RECURSIVE other AS MATERIALIZED (
    SELECT request_number FROM request WHERE kind = 'exception' AND (valid_at > :now OR decided_at IS NULL)
), known AS MATERIALIZED (
    SELECT request_number, request_id, source, source_key, owner, risk_level, category, target, decided_at, decided_by,
           valid_from, valid_until, scopes, renewal_of, status
    FROM request WHERE kind = 'exception' AND valid_at <= :now AND decided_at IS NOT NULL
    UNION ALL
    SELECT a.request_number, a.request_id, a.source, a.source_key, a.owner, a.risk_level, a.category, a.target,
           a.decided_at, a.decided_by, a.valid_from, a.valid_until, a.scopes, a.renewal_of, a.status
    FROM (SELECT CASE WHEN count(*) <= 50 THEN array_agg(request_number) END AS numbers  -- of more, all are read quicker
          FROM other HAVING count(*) > 0) few
    CROSS JOIN LATERAL request_as_of(:now, 'infinity', few.numbers) a
    WHERE a.request_number IN (SELECT request_number FROM other)
), chain AS (
    SELECT request_number, source, renewal_of, 1 AS renewals FROM known WHERE renewal_of IS NOT NULL
    UNION ALL
    SELECT c.request_number, c.source, k.renewal_of, c.renewals + (k.renewal_of IS NOT NULL)::integer
    FROM chain c JOIN known k ON k.source = c.source AND k.source_key = c.renewal_of
    WHERE c.renewals < 100                                 -- a circle of renewals ends here
)
SELECT k.request_number, k.request_id, k.owner, k.risk_level, k.category, k.target, k.decided_at, k.decided_by,
       k.valid_from, k.valid_until, k.scopes::text AS scopes, coalesce(c.renewals, 0) AS renewals,
       k.status IN ('approved', 'in_progress', 'fulfilled', 'expired') AS is_live
FROM known k
LEFT JOIN (SELECT request_number, max(renewals) AS renewals FROM chain GROUP BY request_number) c USING (request_number)
WHERE k.status IN ('approved', 'in_progress', 'fulfilled', 'expired') OR k.request_number = :also
ORDER BY k.request_number
