-- Which resources do scopes and exclusions name? What an ARN says of account, region and service holds too.
-- Grain: owner, resource.
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
