-- What evidence does each scope have? Grain: scope.
-- has_place: an active account and region is in it; gap: a place in it without fresh evidence, in words;
-- seen: one of the resources it names by id shows somewhere in its accounts; untagged: rows in it whose tags,
-- which it or one of its exclusions names, were not collected.
WITH place_sum AS (
    SELECT a.place, bit_or(g.bit) AS needed, coalesce(bit_or(g.bit) FILTER (WHERE NOT p.fresh), 0) AS missing
    FROM place p JOIN region g USING (region) JOIN account i ON i.id = p.account JOIN account_place a ON a.account = i.account
    WHERE p.needed GROUP BY a.place
), gap AS (
    SELECT a.place, g.bit, min(p.account || ' ' || p.region || ': ' || p.reason) AS words
    FROM place p JOIN region g USING (region) JOIN account i ON i.id = p.account JOIN account_place a ON a.account = i.account
    WHERE p.needed AND NOT p.fresh GROUP BY a.place, g.bit
), standing AS (
    SELECT o.owner AS scope, bool_or(s.needed & o.mask <> 0) AS has_place, bool_or(s.missing & o.mask <> 0) AS has_gap
    FROM place_of o JOIN place_sum s USING (place) WHERE o.owner >= 0 GROUP BY o.owner
), gap_words AS (
    SELECT o.owner AS scope, min(g.words) AS gap
    FROM place_of o
    JOIN standing t ON t.scope = o.owner AND t.has_gap
    JOIN gap g ON g.place = o.place AND g.bit & o.mask <> 0
    GROUP BY o.owner
), seen AS (
    SELECT DISTINCT h.scope
    FROM row_hit h JOIN account_place a USING (account)
    JOIN place_of o ON o.owner = h.scope AND o.place = a.place
), by_tags AS (
    SELECT scope FROM scope WHERE tags > 0 UNION SELECT scope FROM exclusion WHERE tags > 0
), untagged AS (
    SELECT p.scope, count(*) AS untagged
    FROM row_placed p SEMI JOIN by_tags b ON b.scope = p.scope WHERE p.tag_set IS NULL GROUP BY p.scope
)
SELECT s.scope, coalesce(t.has_place, false) AS has_place, w.gap, n.scope IS NOT NULL AS seen,
       coalesce(u.untagged, 0)::BIGINT AS untagged
FROM scope s
LEFT JOIN standing t USING (scope)
LEFT JOIN gap_words w USING (scope)
LEFT JOIN seen n USING (scope)
LEFT JOIN untagged u USING (scope)
ORDER BY s.scope
