-- Which attachments of policies may be those asked for? Grain: one row per request and attachment.
-- The policy is named by id or name, the target by id, as account, or by the names of a unit.
INSERT INTO candidate
WITH wanted AS (
    SELECT a.*, coalesce(u.unit, CASE a.target WHEN 'Root' THEN r.unit END, regexp_extract(a.target, '[0-9a-z-]+$')) AS place
    FROM asked a
    LEFT JOIN listed_units u ON u.path = a.target AND u.path <> ''
    LEFT JOIN listed_units r ON r.path = ''
    WHERE a.thing_type = 'policy_attachment'
)
SELECT w.request, t.policy || '|' || t.target, t.target = w.place,
       CASE WHEN w.content_sha256 IS NULL THEN true ELSE w.content_sha256 = p.content_sha256 END, 'ready',
       'policy ' || p.name || ' is attached to ' || t.target
FROM wanted w
JOIN listed_policies p ON w.policy IN (p.policy, p.name)
JOIN listed_policy_targets t ON t.policy = p.policy
