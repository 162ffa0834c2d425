-- What is known about finding :finding_id? One row, with its turns as JSON, oldest first.
SELECT f.finding_number, f.finding_id, f.family, f.finding_key, f.type, f.status, f.severity, f.request_number,
       f.account, f.region, f.rule, f.resource_type, f.resource_id, f.owner, f.why, f.evidence, f.opened_at,
       s.seen_at AS last_seen_at, f.resolved_at, f.reopened, r.request_id,
       (SELECT jsonb_agg(jsonb_build_object('at', e.at, 'change', e.change, 'type', e.type, 'why', e.why)
                         ORDER BY e.event)
        FROM finding_event e WHERE e.finding_number = f.finding_number) AS turns
FROM finding f LEFT JOIN request r USING (request_number) JOIN finding_seen s USING (finding_number)
WHERE f.finding_id = :finding_id
