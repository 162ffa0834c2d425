-- Which occurrences of identical records belong to the files :names of :source? Grain: quarantined record.
SELECT raw_hash, occurrence FROM quarantine
WHERE source = :source AND regexp_replace(locator, ':[0-9]+$', '') = ANY(:names)
