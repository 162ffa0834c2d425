-- Which open quarantine items has nobody been told about? Grain: one row per item.
-- The key of a quarantine digest ends with the last item it speaks of.
SELECT q.item, q.source, q.locator, q.source_key, q.reasons, q.arrived_at
FROM quarantine q
WHERE q.status = 'open' AND q.arrived_at <= :now
  AND q.item > coalesce((SELECT max(substring(o.message_key FROM '[0-9]+$')::bigint) FROM outbox o
                         WHERE o.kind = 'quarantine' AND starts_with(o.message_key, 'quarantine ' || q.source || ' ')),
                        0)
ORDER BY q.source, q.item
