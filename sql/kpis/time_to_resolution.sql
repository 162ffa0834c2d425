-- How long did each request take, from submission to fulfilment or, where there was none, to closure?
-- Grain: one row per resolved request. The median, mean and p90 (linear interpolation) are taken over rows with
-- both instants in order. Unit: hours, elapsed and business. Live exceptions are decided, not resolved.
-- Unknown: requests in a final status whose submission or end is not known, or whose end precedes the submission.
SELECT request_number, kind, risk_level, owner, due_at, submitted_at AS started_at, resolved_at AS ended_at
FROM request_then
WHERE resolved_at IS NOT NULL OR status IN ('fulfilled', 'closed')
ORDER BY request_number
