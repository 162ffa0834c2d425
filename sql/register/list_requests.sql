-- Which requests does the register hold? Grain: request, newest first; a NULL parameter restricts nothing.
SELECT request_id, kind, source, source_key, status, title, requester, owner, risk_level, submitted_at, valid_until
FROM request
WHERE (CAST(:kind AS text) IS NULL OR kind = :kind)
  AND (CAST(:status AS text) IS NULL OR status = :status)
  AND (CAST(:source AS text) IS NULL OR source = :source)
  AND (CAST(:owner AS text) IS NULL OR lower(owner) = lower(:owner))
ORDER BY request_number DESC
LIMIT :most
