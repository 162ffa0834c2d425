-- Append one decision taken here to the history, in block :block: the last event with another status.
-- :changes are fields it sets, :dropped fields it takes out (a rejected request that is submitted again).
INSERT INTO request_event
    (request_number, valid_at, recorded_at, actor, origin, status, state, raw, run_id, content, digest, block)
SELECT r.request_number, :known_at, :known_at, :by, 'decided', :status, d.state::text, d.raw::text, NULL,
       sha256(convert_to(jsonb_build_array(CAST(:status AS text), CAST(:by AS text), d.state - 'owner' - 'owner_rule',
                                           d.raw)::text, 'UTF8')),
       event_digest(r.request_number, :known_at, :by, 'decided', :status, d.state::text, d.raw::text), :block
FROM request r
JOIN request_event e ON e.event = r.last_event
CROSS JOIN LATERAL (SELECT (e.state::jsonb || CAST(:changes AS jsonb)) - CAST(:dropped AS text[]) AS state,
                           e.raw::jsonb || jsonb_build_object('@decision', CAST(:decision AS jsonb)) AS raw) d
WHERE r.request_number = :number
