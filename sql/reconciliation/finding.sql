-- What is known about finding :finding_id? One row, with its turns as JSON, oldest first.
SELECT f.*, r.request_id,
       (SELECT jsonb_agg(jsonb_build_object('at', e.at, 'change', e.change, 'type', e.type, 'why', e.why)
                         ORDER BY e.event)
        FROM finding_event e WHERE e.finding_number = f.finding_number) AS turns
FROM finding f LEFT JOIN request r USING (request_number)
WHERE f.finding_id = :finding_id
