-- Which exceptions are live at :now, as the register knows them? One row per exception, by number.
-- renewals: how many requests it renews, one after the other. :also names a request that is asked about whatever
-- its status; is_live tells it from the others.
WITH RECURSIVE known AS MATERIALIZED (
    SELECT * FROM request_as_of(:now) WHERE kind = 'exception'
), chain AS (
    SELECT request_number, source, renewal_of, (renewal_of IS NOT NULL)::integer AS renewals FROM known
    UNION ALL
    SELECT c.request_number, c.source, k.renewal_of, c.renewals + (k.renewal_of IS NOT NULL)::integer
    FROM chain c JOIN known k ON k.source = c.source AND k.source_key = c.renewal_of
    WHERE c.renewals < 100                                 -- a circle of renewals ends here
)
SELECT k.request_number, k.request_id, k.owner, k.risk_level, k.category, k.target, k.decided_at, k.decided_by,
       k.valid_from, k.valid_until, k.scopes, c.renewals, k.status IN ('approved', 'in_progress', 'fulfilled', 'expired') AS is_live
FROM known k
JOIN (SELECT request_number, max(renewals) AS renewals FROM chain GROUP BY request_number) c USING (request_number)
WHERE k.status IN ('approved', 'in_progress', 'fulfilled', 'expired') OR k.request_number = :also
ORDER BY k.request_number
