-- Which resources fit patterns whose literal beginning has $length characters? Looked up by these. Added to `passed`.
INSERT INTO passed
SELECT p.test, r.resource, r.grp
FROM resource_test p JOIN resource r ON left(r.resource_id, $length::INTEGER) = p.prefix
WHERE p.is_pattern AND length(p.prefix) = $length AND r.resource_id LIKE p."like" ESCAPE '\'
