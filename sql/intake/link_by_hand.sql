-- Link request :later to :earlier (ids such as CHG-000012) because a person says they are the same.
-- No row: one of the two does not exist. A pair that was unlinked is linked again.
INSERT INTO request_link (kind, request_number, of_request, found_by, evidence, status, found_at, decided_at, decided_by, reason)
SELECT 'duplicate_of', r.request_number, o.request_number, 'person', :reason, 'confirmed', :at, :at, :by, :reason
FROM request r CROSS JOIN request o
WHERE r.request_id = :later AND o.request_id = :earlier
ON CONFLICT (kind, least(request_number, of_request), greatest(request_number, of_request)) DO UPDATE
SET status = 'confirmed', decided_at = excluded.decided_at, decided_by = excluded.decided_by, reason = excluded.reason
