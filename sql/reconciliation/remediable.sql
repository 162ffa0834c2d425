-- Which fresh non-compliant evaluations does a remediation stand behind, and who approved them? Grain: row of the snapshot.
-- exception: the most specific active one in this region, NULL: none; active: some exception covers the item, be it in
-- another region only, as for a global resource; ends: the effective end in microseconds, NULL for a global resource, whose
-- latest end may be that of another region. `remediated` names the rules.
WITH evaluation AS (
    SELECT o.row, o.active, o.ends, c.account, c.mask AS bit, c.deployment
    FROM outcome o JOIN met_cell c USING (cell)
    WHERE o.fresh AND o.cell < (SELECT count(*) FROM placed_cell)
    UNION ALL
    SELECT m.row, o.active, o.ends, m.account, m.bit, m.deployment
    FROM outcome o JOIN member m ON m.item = o.row
    WHERE o.fresh AND m.bad AND m.fresh AND o.cell >= (SELECT count(*) FROM placed_cell)
), out_of AS (
    SELECT s.rank, bit_or(p.mask) AS mask
    FROM exclusion x JOIN scope s USING (scope) JOIN place_of p ON p.owner = x.exclusion GROUP BY s.rank
), winner AS (
    SELECT s.rank, any_value(s.exception) AS exception, bit_or(p.mask) AS mask
    FROM scope s JOIN place_of p ON p.owner = s.scope GROUP BY s.rank
)
SELECT e.row, a.id AS account, g.region, k.rule, k.resource_type, w.exception, e.active IS NOT NULL AS active,
       CASE WHEN NOT k.is_global THEN e.ends END AS ends
FROM evaluation e
JOIN account a ON a.account = e.account
JOIN region g ON g.bit = e.bit
JOIN deployment k USING (deployment)
JOIN remediated r ON r.account = a.id AND r.region = g.region AND r.rule = k.rule
LEFT JOIN out_of x ON x.rank = e.active AND k.is_global
LEFT JOIN winner w ON w.rank = e.active AND w.mask & e.bit & ~coalesce(x.mask, 0) <> 0
ORDER BY e.row
