-- For what were records of each source kept back, as of :as_of? Grain: source and expectation, or the field that could
-- not be read, or 'record'; the most frequent first. A record may be kept back for several reasons.
SELECT q.source, coalesce(reason ->> 'expectation', reason ->> 'field', 'record') AS reject,
       max(CASE WHEN reason ? 'expectation' THEN regexp_replace(reason ->> 'why', ' \(found .*\)$', '') END) AS words,
       max(reason ->> 'why') AS example,
       count(DISTINCT item) FILTER (WHERE resolved_at IS NULL OR resolved_at > :as_of) AS waiting,
       count(DISTINCT item) AS ever
FROM quarantine q CROSS JOIN LATERAL jsonb_array_elements(q.reasons) AS reason
WHERE arrived_at <= :as_of AND (CAST(:source AS text) IS NULL OR source = :source)
GROUP BY q.source, reject
ORDER BY q.source, waiting DESC, ever DESC, reject
