-- What must be known to decide about request :request_id? One row, locked until the transaction ends.
-- renewals: how many requests it renews, one after the other.
WITH RECURSIVE chain AS (
    SELECT source, renewal_of, (renewal_of IS NOT NULL)::integer AS renewals
    FROM request WHERE request_id = :request_id
    UNION ALL
    SELECT c.source, k.renewal_of, c.renewals + (k.renewal_of IS NOT NULL)::integer
    FROM chain c JOIN request k ON k.source = c.source AND k.source_key = c.renewal_of
    WHERE c.renewals < 100                                 -- a circle of renewals ends here
)
SELECT r.request_number, r.request_id, r.kind, r.source, r.source_url, r.status, r.requester, r.owner, r.owner_rule, r.category,
       r.risk_level, r.scopes, r.valid_from, r.valid_until, r.valid_at,
       (SELECT max(renewals) FROM chain) AS renewals
FROM request r
WHERE r.request_id = :request_id
FOR UPDATE OF r
