-- How many requests have which verdict now? Grain: one row per verdict.
SELECT verdict AS name, count(*) AS n
FROM (SELECT DISTINCT ON (request_number) verdict FROM request_verdict ORDER BY request_number, as_of DESC) latest
GROUP BY verdict ORDER BY n DESC, verdict
