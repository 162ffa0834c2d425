-- Which findings are open, on what, and from which request? Grain: finding.
SELECT f.type, f.account, f.region, f.rule, f.resource_id, r.source, r.source_key, f.why
FROM finding f LEFT JOIN request r USING (request_number)
WHERE f.status = 'open'
