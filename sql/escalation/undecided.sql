-- Which requests wait for a decision at :now? Grain: one row per request, as the register was true then.
-- What is decided by now, as far as the register knows, is left out: a run for a past instant (a backfill)
-- chases nobody for what they have done since.
SELECT a.request_number, a.request_id, a.kind, a.title, a.target_type, a.target, a.requester, a.owner,
       a.owner_rule, a.risk_level, a.benefit, a.risk, a.risk_if_denied, a.status, a.submitted_at, a.source_url
FROM request_as_of(:now) a
JOIN request r USING (request_number)
WHERE a.status IN ('submitted', 'needs_information', 'in_review')
  AND r.status IN ('submitted', 'needs_information', 'in_review')
ORDER BY a.request_number
