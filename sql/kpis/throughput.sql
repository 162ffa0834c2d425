-- How many requests came in and how many left the backlog, in the 7, 28 and 365 days up to :as_of?
-- In: submitted in the window (after its start, up to and including :as_of). Out: settled in it; an exception leaves
-- with its decision, anything else when it is fulfilled or closed. Reopened requests left when they last did.
-- Grain: direction and window. Unit: requests. Unknown: requests whose submission, or whose settling, has no instant.
WITH span (days) AS (VALUES (7), (28), (365)), moved AS (
    SELECT 'in' AS flow, submitted_at AS at, submitted_at IS NULL AS lost FROM request_then
    UNION ALL
    SELECT 'out', settled_at, settled_at IS NULL AND NOT is_open FROM request_then
)
SELECT jsonb_build_object('flow', flow, 'window', days || ' days') AS dimension, value, 'requests' AS unit,
       value AS n, unknown, NULL AS reason
FROM (VALUES ('in'), ('out')) AS f (flow) CROSS JOIN span CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE at > :as_of - make_interval(hours => days * 24) AND at <= :as_of) AS value,
           count(*) FILTER (WHERE lost) AS unknown
    FROM moved WHERE moved.flow = f.flow) counted
ORDER BY flow, days
