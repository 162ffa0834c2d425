-- Which open findings does nothing speak of any more? Grain: one row per staged finding without news of it.
SELECT f.finding_key, f.account, f.region, f.rule
FROM stage_missing JOIN finding f USING (finding_number)
WHERE NOT EXISTS (SELECT FROM stage_finding s WHERE s.finding_key = f.finding_key)
ORDER BY f.finding_key
