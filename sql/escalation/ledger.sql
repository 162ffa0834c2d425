-- Which rungs of clock :clock were recorded for the requests that wait? Grain: one row per ledger entry.
SELECT l.request_number, l.cycle, l.rung, l.as_of
FROM send_ledger l
JOIN request r USING (request_number)
WHERE l.clock = :clock AND r.status IN ('submitted', 'needs_information', 'in_review')
ORDER BY l.request_number, l.cycle
