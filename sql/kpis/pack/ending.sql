-- Which live exceptions end within 90 days, soonest first, and has a renewal been asked for?
-- Grain: one row per exception, at most 12.
SELECT r.request_id, r.title, r.owner, r.risk_level, r.valid_until,
       (SELECT min(n.request_id) FROM request_then n WHERE n.source = r.source AND n.renewal_of = r.source_key) AS renewal
FROM request_then r
WHERE r.kind = 'exception' AND r.status IN ('approved', 'in_progress', 'fulfilled', 'expired')
  AND r.valid_from <= :as_of AND r.valid_until > :as_of AND r.valid_until <= :as_of + interval '2160 hours'
ORDER BY r.valid_until, r.request_number
LIMIT 12
