-- Which exceptions are over, while AWS still has non-compliant resources that lean on them, or lets through what they
-- approved? Most first.
-- Grain: one row per exception, at most 12. covered: non-compliant evaluations in its scope.
SELECT r.request_id, r.title, r.owner, r.risk_level, r.valid_until, v.covered, v.verdict
FROM request_then r JOIN LATERAL (
    SELECT verdict, covered FROM request_verdict v WHERE v.request_number = r.request_number AND v.as_of <= :as_of
    ORDER BY v.as_of DESC, v.snapshot_id DESC LIMIT 1) v ON true
WHERE v.verdict LIKE 'EXPIRED_BUT_%'
ORDER BY v.covered DESC, r.valid_until, r.request_number
LIMIT 12
