-- What does the history hold of these requests? Grain: one row per event; `moment` in microseconds since 1970.
SELECT request_number, event, (extract(epoch FROM valid_at) * 1000000)::bigint AS moment, content
FROM request_event WHERE request_number = ANY(:numbers)
