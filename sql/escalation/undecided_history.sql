-- What happened, in order, to the requests that wait for a decision? Grain: one row per event until :now.
SELECT e.request_number, e.valid_at, e.status
FROM request_event e
JOIN request r USING (request_number)
WHERE r.status IN ('submitted', 'needs_information', 'in_review') AND e.valid_at <= :now
ORDER BY e.request_number, e.valid_at, e.event
