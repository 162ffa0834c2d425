-- How many records of each of the files :names of :source are in quarantine, discarded ones included? Grain: file.
SELECT regexp_replace(locator, ':[0-9]+$', '') AS name, count(*) AS items FROM quarantine
WHERE source = :source AND status <> 'replayed' AND regexp_replace(locator, ':[0-9]+$', '') = ANY(:names)
GROUP BY 1
