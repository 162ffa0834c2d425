-- Which requests ask for the same as one of another source, as of :as_of, and is somebody still asked twice?
-- Grain: one row per link that no person undid, the newest first, at most 12. Both sides stay what they are.
SELECT r.request_id, r.source, r.source_key, r.title, r.status AS request_status,
       o.request_id AS of_request_id, o.source AS of_source, o.source_key AS of_source_key, o.status AS of_status, l.evidence,
       CASE WHEN l.status = 'suggested' OR l.decided_at > :as_of THEN 'suggested' ELSE l.status END AS state
FROM request_link l
JOIN request_then r ON r.request_number = l.request_number
JOIN request_then o ON o.request_number = l.of_request
WHERE l.kind = 'duplicate_of' AND l.found_at <= :as_of AND (l.status <> 'unlinked' OR l.decided_at > :as_of)
ORDER BY l.found_at DESC, l.link DESC
LIMIT 12
