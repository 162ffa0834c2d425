-- Which requests were drafted, the newest first? Grain: draft.
-- open: findings in it that are still open as they were drafted; request_id, status: what was submitted of it.
SELECT d.draft_id, d.as_of, d.owner, d.rule, d.content ->> 'title' AS title, n.findings, n.open,
       r.request_id, r.status, d.message
FROM request_draft d
JOIN LATERAL (SELECT count(*) AS findings,
                     count(*) FILTER (WHERE f.status = 'open' AND f.reopened = h.opening) AS open
              FROM request_draft_finding h JOIN finding f USING (finding_number) WHERE h.draft = d.draft) n ON true
LEFT JOIN request r ON r.source_key = d.draft_id AND r.source = 'form'
WHERE (CAST(:owner AS text) IS NULL OR d.owner = :owner)
ORDER BY d.draft DESC
LIMIT :limit
