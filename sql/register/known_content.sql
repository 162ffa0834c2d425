-- What does the history hold of these requests? Grain: one row per event, in their order; `moment` in microseconds
-- since 1970.
SELECT request_number, (extract(epoch FROM valid_at) * 1000000)::bigint AS moment, content
FROM request_event WHERE request_number = ANY(:numbers) ORDER BY event
