-- Which requests wait for a decision? Grain: one row per undecided request.
SELECT request_number, request_id, kind, title, risk_level, owner, submitted_at
FROM request_then
WHERE status IN ('submitted', 'needs_information', 'in_review') AND decided_at IS NULL
ORDER BY request_number
