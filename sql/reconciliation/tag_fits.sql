-- Which tag sets hold all tags that a condition asks for? Grain: condition, tag set.
-- Most tests name a value; only patterns are compared one by one.
CREATE TABLE tag_fit AS
WITH fit AS (
    SELECT t.condition, t.key, s.tag_set FROM tag_test t JOIN tag_set s ON s.key = t.key AND s.value = t.value
    WHERE NOT t.is_pattern
    UNION ALL
    SELECT t.condition, t.key, s.tag_set FROM tag_test t JOIN tag_set s ON s.key = t.key AND s.value LIKE t.value ESCAPE '\'
    WHERE t.is_pattern
)
SELECT f.condition, f.tag_set
FROM fit f JOIN (SELECT condition, count(*) AS tags FROM tag_test GROUP BY condition) o USING (condition)
GROUP BY f.condition, f.tag_set, o.tags
HAVING count(DISTINCT f.key) = o.tags
