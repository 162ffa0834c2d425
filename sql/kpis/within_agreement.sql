-- Which share of the requests was decided, and which resolved, within the response-time agreement?
-- decision: from submission to the first approval or rejection, in the owner's business hours without those spent in
--   needs_information, at most the agreed hours (response_times.yaml) of its kind and risk.
-- resolution: where the source names a due_at, resolved by then; otherwise from submission to fulfilment or closure, counted
--   the same way, at most the agreed hours for decision and fulfilment together. Exceptions are decided, not resolved.
-- Grain: one row per request and clock; ended_at is NULL while it still runs; paused_* are the waits on the requester.
-- Of "finished": the share among those ended. Of "due": those still running beyond their agreement count as late, too.
-- Unit: share. Unknown: no submission or no end is known, or the end precedes the submission.
WITH clock AS (
    SELECT request_number, 'decision' AS clock, NULL::timestamptz AS due_at, decided_at AS ended_at,
           status IN ('submitted', 'needs_information', 'in_review') AND decided_at IS NULL AS runs
    FROM request_then WHERE NOT (status = 'withdrawn' AND decided_at IS NULL)
    UNION ALL
    SELECT request_number, 'resolution', due_at, resolved_at, is_open
    FROM request_then WHERE kind <> 'exception'
), pause AS (
    SELECT request_number, array_agg(valid_at ORDER BY event) AS paused_from,
           array_agg(coalesce(next_valid_at, :as_of) ORDER BY event) AS paused_until
    FROM observation_then WHERE status = 'needs_information' GROUP BY request_number
)
SELECT request_number, c.clock, r.kind, r.risk_level, r.owner, c.due_at, r.submitted_at AS started_at, c.ended_at, c.runs,
       p.paused_from, p.paused_until
FROM clock c JOIN request_then r USING (request_number) LEFT JOIN pause p USING (request_number)
ORDER BY request_number, clock
