-- Which rules have the most open deviations that nobody approved?
-- Grain: one row per rule, at most 10. accounts: how many accounts they are in.
WITH turn AS (
    SELECT DISTINCT ON (finding_number) finding_number, change FROM finding_event
    WHERE at <= :as_of ORDER BY finding_number, event DESC
)
SELECT f.rule, count(*) AS findings, count(DISTINCT f.account) AS accounts, min(f.severity) AS severity,
       min(f.opened_at) AS since
FROM finding f JOIN turn USING (finding_number)
WHERE f.family = 'deviation' AND turn.change <> 'resolved' AND f.rule IS NOT NULL
GROUP BY f.rule ORDER BY findings DESC, f.rule
LIMIT 10
