-- Which records are in quarantine, and what is wrong with each? Grain: item.
SELECT source, coalesce(source_key, '') AS source_key, locator, raw::text AS raw, reasons::text AS reasons
FROM quarantine WHERE status = 'open'
