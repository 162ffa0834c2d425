-- What was observed of the requests in request_then, up to :as_of and as far as known at :known?
-- Grain: one row per observation; last_* and next_* are its neighbours of the same request, in order of source time.
CREATE TEMPORARY TABLE observation_then ON COMMIT DROP AS
SELECT e.request_number, r.kind, e.event, e.valid_at, e.status, e.state::json ->> 'assignee' AS assignee,
       e.status IN ('submitted', 'needs_information', 'in_review')
           OR (r.kind <> 'exception' AND e.status IN ('approved', 'in_progress')) AS is_open,
       lag(e.status) OVER each AS last_status,
       lag(e.state::json ->> 'assignee') OVER each AS last_assignee,
       lead(e.valid_at) OVER each AS next_valid_at,
       row_number() OVER each AS place
FROM request_event e
JOIN request_then r USING (request_number)
WHERE e.valid_at <= :as_of AND e.recorded_at <= coalesce(CAST(:known AS timestamptz), 'infinity')
WINDOW each AS (PARTITION BY e.request_number ORDER BY e.valid_at, e.event)
