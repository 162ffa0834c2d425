-- What did the register say at :as_of, as far as it was known at :known (NULL: all that is known), for
-- :source (NULL: every source)? The KPIs read this temporary table; create it first to run one by hand.
-- Grain: one row per request. Instants later than :as_of have not happened yet and are NULL.
--   is_open      in the backlog: somebody must still act. A decided exception waits for its end, not for a person.
--   resolved_at  fulfilled_at or, where absent, closed_at; NULL while the request is open (again).
--   settled_at   when it left the backlog: an exception with its decision, anything else when resolved.
CREATE TEMPORARY TABLE request_then ON COMMIT DROP AS
WITH register AS MATERIALIZED (  -- filtered afterwards: before, a planner without statistics joins row by row
    SELECT * FROM request_as_of(:as_of, coalesce(CAST(:known AS timestamptz), 'infinity'))
), chosen AS (
    SELECT *, status IN ('submitted', 'needs_information', 'in_review')
              OR (kind <> 'exception' AND status IN ('approved', 'in_progress')) AS is_open,
           CASE WHEN decided_at <= :as_of THEN decided_at END AS decided,
           CASE WHEN coalesce(fulfilled_at, closed_at) <= :as_of THEN coalesce(fulfilled_at, closed_at) END AS resolved
    FROM register WHERE CAST(:source AS text) IS NULL OR source = :source
)
SELECT request_number, request_id, kind, source, source_key, title, target, owner, owner_rule, requester, assignee,
       coalesce(risk_level, 'not stated') AS risk_level, status, is_open, submitted_at, due_at,
       decided AS decided_at, CASE WHEN NOT is_open THEN resolved END AS resolved_at,
       CASE WHEN is_open THEN NULL WHEN kind = 'exception' THEN coalesce(decided, resolved) ELSE resolved END AS settled_at,
       category, valid_from, valid_until, renewal_of
FROM chosen
