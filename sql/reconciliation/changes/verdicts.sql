-- What is the verdict on each change that is live or was carried out? First match wins. Grain: request.
-- A breach is proved by the one execution that shows it. That all is well, or that nothing happened, needs complete
-- evidence, as recent as the end of the window and as old as its beginning.
CREATE OR REPLACE TABLE change_verdict AS
SELECT c.request, coalesce(f.executions, 0) AS executions,
       CASE
           WHEN f.early THEN 'UNAPPROVED_CHANGE'
           WHEN f.exceeding THEN 'SCOPE_EXCEEDED'
           WHEN f.other_runbook THEN 'RUNBOOK_MISMATCH'
           WHEN f.outside THEN 'OUT_OF_WINDOW'
           WHEN f.running AND f.over THEN 'OVERRAN'
           WHEN f.running THEN 'IN_PROGRESS'
           WHEN f.unreadable THEN 'UNKNOWN'
           WHEN f.failed THEN 'EXECUTED_FAILED'
           WHEN f.partly THEN 'EXECUTED_PARTIAL'
           WHEN f.over THEN 'OVERRAN'
           WHEN c.gap IS NOT NULL THEN 'UNKNOWN'
           WHEN f.request IS NOT NULL THEN 'EXECUTED_IN_WINDOW'
           WHEN c.begins > $now THEN 'PENDING'
           WHEN NOT c.leaves_trace THEN 'UNKNOWN'
           WHEN coalesce(c.begins, c.approved_at) < $history THEN 'UNKNOWN'
           WHEN c.deadline IS NULL OR c.deadline > $now THEN 'PENDING'
           WHEN c.deadline > $as_of THEN 'UNKNOWN'
           ELSE 'NOT_EXECUTED'
       END AS verdict,
       list_filter([CASE WHEN f.early THEN 'UNAPPROVED_CHANGE' END, CASE WHEN f.exceeding THEN 'SCOPE_EXCEEDED' END,
                    CASE WHEN f.other_runbook THEN 'RUNBOOK_MISMATCH' END, CASE WHEN f.outside THEN 'OUT_OF_WINDOW' END,
                    CASE WHEN f.failed THEN 'EXECUTED_FAILED' END, CASE WHEN f.partly THEN 'EXECUTED_PARTIAL' END,
                    CASE WHEN f.over THEN 'OVERRAN' END], lambda n: n IS NOT NULL) AS true_too,
       c.gap, c.leaves_trace, c.deadline, f.named, f.ran, f.beyond, f.started_at, f.ended_at, f.unreadable,
       coalesce(c.begins, c.approved_at) < $history AS forgotten
FROM change_asked c LEFT JOIN change_fact f USING (request)
WHERE c.standing = 'live' OR f.early
ORDER BY c.request
