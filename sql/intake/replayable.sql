-- Which open items are to be replayed: those in :items, or, where it is empty, all of :source? Grain: item.
SELECT item, source, locator, raw, raw_hash, arrived_at, reasons
FROM quarantine
WHERE status = 'open'
  AND CASE WHEN cardinality(CAST(:items AS bigint[])) > 0 THEN item = ANY(:items) ELSE source = :source END
ORDER BY item
