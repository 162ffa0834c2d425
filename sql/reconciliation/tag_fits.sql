-- Which tag sets hold all tags that an owner asks for? Grain: owner, tag set.
CREATE TABLE tag_fit AS
SELECT t.owner, s.tag_set
FROM tag_test t
JOIN tag_set s ON s.key = t.key AND s.value LIKE t.value ESCAPE '\'
GROUP BY t.owner, s.tag_set
HAVING count(DISTINCT t.key) = (SELECT count(*) FROM tag_test o WHERE o.owner = t.owner)
