-- What is in the draft :draft_id? One row, or none. findings: the ids of those in it, in their order.
SELECT d.draft_id, d.as_of, d.owner, d.rule, d.content, d.message, r.request_id, r.status,
       (SELECT array_agg(f.finding_id ORDER BY f.finding_number)
        FROM request_draft_finding h JOIN finding f USING (finding_number) WHERE h.draft = d.draft) AS findings
FROM request_draft d
LEFT JOIN request r ON r.source_key = d.draft_id AND r.source = 'form'
WHERE d.draft_id = :draft_id
