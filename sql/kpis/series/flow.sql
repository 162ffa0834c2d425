-- In each period: how many requests came in and left the backlog; at its end: how many waited, how many of them for
-- 30 days or longer. Read from request_then and observation_then: what is known now about each period.
-- Grain: one row per period (:starts, :ends, half-open). Instants as in throughput.sql and backlog_open.sql.
WITH period AS (
    SELECT * FROM unnest(CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])) AS p (starts_at, ends_at)
), waited AS (
    SELECT r.submitted_at, o.valid_at AS from_at, coalesce(o.next_valid_at, 'infinity') AS until_at
    FROM observation_then o JOIN request_then r USING (request_number) WHERE o.is_open
)
SELECT p.starts_at, p.ends_at,
       (SELECT count(*) FROM request_then r WHERE r.submitted_at >= p.starts_at AND r.submitted_at < p.ends_at) AS arrived,
       (SELECT count(*) FROM request_then r WHERE r.settled_at >= p.starts_at AND r.settled_at < p.ends_at) AS departed,
       w.backlog, w.backlog_aged
FROM period p CROSS JOIN LATERAL (
    SELECT count(*) AS backlog,
           count(*) FILTER (WHERE submitted_at <= p.ends_at - interval '720 hours') AS backlog_aged
    FROM waited WHERE from_at < p.ends_at AND until_at >= p.ends_at) w
ORDER BY p.ends_at, p.starts_at
