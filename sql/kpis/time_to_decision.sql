-- How long did each decision take, from submission to the first approval or rejection?
-- Grain: one row per request that is past deciding; withdrawn and undecided requests are not. The median, mean and
-- p90 (linear interpolation) are taken over rows with both instants in order. Unit: hours, elapsed and business.
-- Unknown: rows where submission or decision is not known, or where the decision precedes the submission.
SELECT request_number, kind, risk_level, owner, due_at, submitted_at AS started_at, decided_at AS ended_at
FROM request_then
WHERE decided_at IS NOT NULL OR status NOT IN ('submitted', 'needs_information', 'in_review', 'withdrawn')
ORDER BY request_number
