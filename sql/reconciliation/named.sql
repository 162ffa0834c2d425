-- Which resources do scopes and exclusions name, and where?
-- passed: which resource fits which test. Patterns are looked up by their literal beginning. Grain: test, resource.
CREATE TABLE passed AS
WITH pattern AS (
    SELECT test, prefix, "like", length(prefix) AS known FROM resource_test WHERE is_pattern
), fit AS (
    SELECT t.test, r.resource, r.grp FROM resource_test t JOIN resource r ON r.resource_id = t.value WHERE NOT t.is_pattern
    UNION ALL
    SELECT p.test, r.resource, r.grp FROM pattern p JOIN resource r ON left(r.resource_id, 24) = p.prefix
    WHERE p.known = 24 AND r.resource_id LIKE p."like" ESCAPE '\'
    UNION ALL
    SELECT p.test, r.resource, r.grp FROM pattern p JOIN resource r ON left(r.resource_id, 16) = p.prefix
    WHERE p.known = 16 AND r.resource_id LIKE p."like" ESCAPE '\'
    UNION ALL
    SELECT p.test, r.resource, r.grp FROM pattern p JOIN resource r ON left(r.resource_id, 12) = p.prefix
    WHERE p.known = 12 AND r.resource_id LIKE p."like" ESCAPE '\'
    UNION ALL
    SELECT p.test, r.resource, r.grp FROM pattern p JOIN resource r ON left(r.resource_id, 8) = p.prefix
    WHERE p.known = 8 AND r.resource_id LIKE p."like" ESCAPE '\'
    UNION ALL
    SELECT p.test, r.resource, r.grp FROM pattern p JOIN resource r ON left(r.resource_id, 4) = p.prefix
    WHERE p.known = 4 AND r.resource_id LIKE p."like" ESCAPE '\'
    UNION ALL
    SELECT p.test, r.resource, r.grp FROM pattern p JOIN resource r ON r.resource_id LIKE p."like" ESCAPE '\' WHERE p.known = 0
)
FROM fit;

-- What an ARN says of account, region and service holds too. Grain: owner, resource.
CREATE TABLE named AS
SELECT DISTINCT t.owner, p.resource, p.grp, r.account
FROM passed p
JOIN resource_test t USING (test)
JOIN resource_group r ON r.grp = p.grp
JOIN account a ON a.account = r.account
JOIN region g ON g.number = r.region
JOIN service s ON s.resource_type = r.resource_type
WHERE t.mask & g.bit <> 0 AND (t.account = '%' OR a.id LIKE t.account ESCAPE '\')
  AND (t.service = '%' OR s.service LIKE t.service ESCAPE '\')
