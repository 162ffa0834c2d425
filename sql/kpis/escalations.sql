-- How many rungs of the ladder were reached, and what came of them?
-- Grain: clock and rung, with the number reached, and of those the number decided since. Unit: requests.
-- n: rungs reached. Unknown: of those, the ones whose message is not known to have been handed to the mail server.
WITH reached AS (
    SELECT l.clock, l.rung, l.reached_at - l.due_at AS distance, o.sent_at IS NULL AND l.message IS NOT NULL AS unsent,
           r.decided_at > l.as_of AS decided_since
    FROM send_ledger l JOIN request_then r USING (request_number) LEFT JOIN outbox o USING (message)
    WHERE l.as_of <= :as_of
), rung AS (
    SELECT clock, rung, min(distance) AS place, count(*) AS reached, count(*) FILTER (WHERE unsent) AS unsent,
           count(*) FILTER (WHERE decided_since) AS decided_since
    FROM reached GROUP BY clock, rung
)
SELECT jsonb_build_object('clock', clock, 'rung', rung, 'count', c.name) AS dimension, c.value, 'requests' AS unit,
       reached AS n, unsent AS unknown, NULL AS reason
FROM rung CROSS JOIN LATERAL (VALUES ('reached', reached), ('decided since', decided_since)) AS c (name, value)
ORDER BY clock, rung.place, rung, c.name DESC
