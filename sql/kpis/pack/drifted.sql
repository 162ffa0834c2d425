-- Of which exceptions is the scope not the one approved any more, and what came in? Most new items first.
-- Grain: one row per exception, at most 12. new_items: NULL where the scope moved instead of growing, or nobody can tell.
SELECT r.request_id, r.title, r.owner, v.why, (v.evidence #>> '{growth,new_items}')::bigint AS new_items
FROM request_then r JOIN LATERAL (
    SELECT verdict, why, evidence FROM request_verdict v WHERE v.request_number = r.request_number AND v.as_of <= :as_of
    ORDER BY v.as_of DESC, v.snapshot_id DESC LIMIT 1) v ON true
WHERE v.verdict = 'SCOPE_DRIFT'
ORDER BY new_items DESC NULLS LAST, r.request_id
LIMIT 12
