-- What is in quarantine, of :source (NULL: every source), with :status (NULL: any)? Grain: one row per item.
SELECT item, source, locator, source_key, status, arrived_at, resolved_at, resolved_by, resolution, reasons
FROM quarantine
WHERE (CAST(:source AS text) IS NULL OR source = :source) AND (CAST(:status AS text) IS NULL OR status = :status)
ORDER BY item
