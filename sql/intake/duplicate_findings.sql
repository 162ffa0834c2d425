-- Which linked requests are both still asked for? Grain: one row per pair. Columns: those of register.findings.COLUMNS.
-- Nothing is left to do once the later one is settled, or the earlier one was given up for it.
SELECT l.request_number || ':' || l.of_request AS finding_key, 'DUPLICATE_REQUEST' AS type, 'low' AS severity,
       l.request_number, NULL::text AS account, NULL::text AS region, NULL::text AS rule, NULL::text AS resource_type,
       NULL::text AS resource_id, r.owner,
       r.request_id || ' (' || r.source || ' ' || r.source_key || ') asks for the same as ' || o.request_id || ' ('
       || o.source || ' ' || o.source_key || '): ' || l.evidence AS why,
       jsonb_build_object('link', l.link, 'found_by', l.found_by, 'state', l.status, 'other', o.request_id,
                          'url', r.source_url, 'other_url', o.source_url)::text AS evidence
FROM request_link l
JOIN request r ON r.request_number = l.request_number
JOIN request o ON o.request_number = l.of_request
WHERE l.kind = 'duplicate_of' AND l.status <> 'unlinked'
  AND r.status IN ('submitted', 'needs_information', 'in_review', 'approved', 'in_progress')
  AND o.status IN ('submitted', 'needs_information', 'in_review', 'approved', 'in_progress', 'fulfilled')
ORDER BY 1
