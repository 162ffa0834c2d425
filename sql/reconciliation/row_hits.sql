-- Which evaluations may scopes fit that need rows? Grain: scope, evaluation (a resource may pass several tests).
-- Resources are looked up by their id, or by the literal beginning of a pattern (one equality join per length
-- of `scopes.PREFIXES`: forty times faster than one join over all lengths); tags, and exclusions that
-- name resources, through the cells of their scope.
CREATE TABLE row_hit AS
WITH include_test AS (
    SELECT * FROM resource_test WHERE owner >= 0
), named AS (
    SELECT t.owner AS scope, t.account AS in_account, t.mask AS in_regions, t.service AS in_service, e.*
    FROM evaluation e JOIN include_test t ON NOT t.is_pattern AND e.resource_id = t.value
    UNION ALL
    SELECT t.owner, t.account, t.mask, t.service, e.*
    FROM evaluation e JOIN include_test t ON t.is_pattern AND length(t.prefix) = 12 AND t.prefix = substr(e.resource_id, 1, 12)
    WHERE e.resource_id LIKE t.value ESCAPE '\'
    UNION ALL
    SELECT t.owner, t.account, t.mask, t.service, e.*
    FROM evaluation e JOIN include_test t ON t.is_pattern AND length(t.prefix) = 8 AND t.prefix = substr(e.resource_id, 1, 8)
    WHERE e.resource_id LIKE t.value ESCAPE '\'
    UNION ALL
    SELECT t.owner, t.account, t.mask, t.service, e.*
    FROM evaluation e JOIN include_test t ON t.is_pattern AND length(t.prefix) = 4 AND t.prefix = substr(e.resource_id, 1, 4)
    WHERE e.resource_id LIKE t.value ESCAPE '\'
    UNION ALL
    SELECT t.owner, t.account, t.mask, t.service, e.*
    FROM evaluation e JOIN include_test t ON t.is_pattern AND t.prefix = '' AND e.resource_id LIKE t.value ESCAPE '\'
), named_cell AS (
    SELECT n.scope, n.resource_id, n.tag_set, n.compliance, c.raw_cell
    FROM named n
    JOIN placed_cell c ON n.account = c.account AND n.region = c.region AND n.rule = c.rule
         AND n.creator IS NOT DISTINCT FROM c.creator AND n.resource_type = c.resource_type
    WHERE n.account LIKE n.in_account ESCAPE '\' AND c.service LIKE n.in_service ESCAPE '\'
      AND n.in_regions & c.bit <> 0
), by_cell AS (
    SELECT DISTINCT s.scope, c.raw_cell
    FROM scope s
    JOIN target t ON t.owner = s.scope
    JOIN account_place p USING (place)
    JOIN placed_cell c ON c.account = p.account AND t.kind IN (c.kind, -1) AND c.bit & t.mask <> 0
    WHERE NOT s.is_broad AND NOT s.has_resource
)
SELECT scope, raw_cell, resource_id, tag_set, compliance FROM named_cell
UNION ALL
SELECT b.scope, c.raw_cell, e.resource_id, e.tag_set, e.compliance
FROM by_cell b
JOIN placed_cell c USING (raw_cell)
JOIN evaluation e ON e.account = c.account AND e.region = c.region AND e.rule = c.rule
     AND e.creator IS NOT DISTINCT FROM c.creator AND e.resource_type = c.resource_type
