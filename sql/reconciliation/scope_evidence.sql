-- What evidence does each scope have? Grain: scope.
-- has_place: a place of an account that holds resources is in it; gap: a place in it without fresh evidence, in words;
-- seen: one of the resources it names shows somewhere in its accounts; untagged: rows in it whose tags,
-- which it or one of its exclusions names, were not collected.
WITH place_sum AS (
    SELECT o.place_set, bit_or(p.bit) AS needed, coalesce(bit_or(p.bit) FILTER (WHERE NOT p.fresh), 0) AS missing
    FROM place_number p JOIN account_of o USING (account) WHERE p.needed GROUP BY o.place_set
), gap AS (
    SELECT o.place_set, p.bit, min(p.words) AS words
    FROM place_number p JOIN account_of o USING (account) WHERE p.needed AND NOT p.fresh GROUP BY o.place_set, p.bit
), gap_words AS (
    SELECT s.scope, min(g.words) AS gap FROM scope s JOIN gap g ON g.place_set = s.place_set AND g.bit & s.mask <> 0 GROUP BY s.scope
), seen AS (
    SELECT DISTINCT n.owner AS scope
    FROM named n JOIN scope s ON s.scope = n.owner JOIN account_of o ON o.place_set = s.place_set AND o.account = n.account
), by_tags AS (
    SELECT scope FROM scope WHERE condition IS NOT NULL UNION SELECT scope FROM exclusion WHERE condition IS NOT NULL
), without AS (
    SELECT resource, grp FROM tagged WHERE tag_set IS NULL
), sought AS (
    SELECT r.scope, r.cell, r.grp, r.is_full, s.has_resource
    FROM reach r JOIN by_tags USING (scope) JOIN scope s USING (scope) WHERE NOT r.is_broad
), candidate AS (
    SELECT q.scope, q.cell, w.resource, q.is_full FROM sought q JOIN without w USING (grp) WHERE NOT q.has_resource
    UNION ALL
    SELECT q.scope, q.cell, n.resource, q.is_full
    FROM sought q JOIN named n ON n.owner = q.scope AND n.grp = q.grp JOIN without w USING (resource) WHERE q.has_resource
), untagged AS (
    SELECT scope, count(*) AS untagged FROM (
        SELECT scope FROM candidate WHERE is_full
        UNION ALL
        SELECT c.scope FROM candidate c JOIN scattered USING (cell, resource) WHERE NOT c.is_full
    ) GROUP BY scope
)
SELECT s.scope, coalesce(p.needed & s.mask <> 0, false) AS has_place, w.gap, n.scope IS NOT NULL AS seen,
       coalesce(u.untagged, 0)::BIGINT AS untagged
FROM scope s
LEFT JOIN place_sum p ON p.place_set = s.place_set
LEFT JOIN gap_words w ON w.scope = s.scope
LEFT JOIN seen n ON n.scope = s.scope
LEFT JOIN untagged u ON u.scope = s.scope
ORDER BY s.scope
