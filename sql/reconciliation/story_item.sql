-- Which findings were there about one resource up to :at, turn by turn? Oldest first. Grain: turn.
SELECT e.at, f.finding_id || ' ' || e.change AS what, e.type || ' (' || f.rule || '): ' || e.why AS words
FROM finding f JOIN finding_event e USING (finding_number)
WHERE f.account = :account AND f.resource_id = :resource AND e.at <= :at
  AND (CAST(:rule AS text) IS NULL OR f.rule = ANY(:rules))
ORDER BY e.at, e.event
