-- Which requests are linked as duplicates, with :status (NULL: any)? Grain: one row per link, both sides shown.
SELECT l.link, l.status, l.found_by, l.evidence, l.found_at, l.decided_at, l.decided_by, l.reason,
       r.request_id, r.source, r.source_key, r.title, r.status AS request_status, r.owner, r.requester, r.source_url,
       o.request_id AS of_request_id, o.source AS of_source, o.source_key AS of_source_key, o.title AS of_title,
       o.status AS of_request_status, o.owner AS of_owner, o.source_url AS of_source_url
FROM request_link l
JOIN request r ON r.request_number = l.request_number
JOIN request o ON o.request_number = l.of_request
WHERE l.kind = 'duplicate_of' AND (CAST(:status AS text) IS NULL OR l.status = :status)
ORDER BY l.link
