-- Which fresh non-compliant evaluations does a remediation stand behind, and who approved them? Grain: row of the snapshot.
-- exception: the most specific active one in this region, NULL: none; active: some exception covers the item, be it in
-- another region only, as for a global resource; ends: the effective end in microseconds, NULL for a global resource, whose
-- latest end may be that of another region. `remediated` names the rules.
WITH evaluation AS (
    SELECT o.row, o.resource, o.active, o.ending, c.account, g.bit, c.deployment
    FROM outcome o JOIN cell c ON c.cell = o.cell JOIN region g ON g.number = c.region
    WHERE o.fresh
    UNION ALL
    SELECT m.row, m.resource, o.active, o.ending, m.account, m.bit, m.deployment
    FROM outcome o JOIN member m USING (item)
    WHERE o.fresh AND m.row IS NOT NULL AND m.fresh
), out_of AS (
    SELECT s.rank, bit_or(x.mask) AS mask FROM exclusion x JOIN scope s USING (scope) GROUP BY s.rank
), winner AS (
    SELECT rank, any_value(exception) AS exception, bit_or(mask) AS mask FROM scope GROUP BY rank
)
SELECT i.resource_id, a.id AS account, g.region, k.rule, k.resource_type, w.exception, e.active IS NOT NULL AS active,
       CASE WHEN NOT k.is_global THEN z.ends END AS ends
FROM evaluation e
JOIN resource i USING (resource)
JOIN account a ON a.account = e.account
JOIN region g ON g.bit = e.bit
JOIN deployment k ON k.deployment = e.deployment
LEFT JOIN ending z ON z.ending = e.ending
JOIN remediated r ON r.account = a.id AND r.region = g.region AND r.rule = k.rule
LEFT JOIN out_of x ON x.rank = e.active AND k.is_global
LEFT JOIN winner w ON w.rank = e.active AND w.mask & e.bit & ~coalesce(x.mask, 0) <> 0
ORDER BY e.row
