-- Which policies that an approved addition had attached are attached no more? Grain: one row per request.
-- Settled ones, and live ones that were seen in place once (was_there). A policy above still reaches its target, and a
-- target that is closed or gone needs none. policy_ids: those that go by the name, none: it does not exist any more.
WITH RECURSIVE wanted AS (
    SELECT a.request, a.policy, a.was_there,
           coalesce(u.unit, CASE a.target WHEN 'Root' THEN r.unit END, regexp_extract(a.target, '[0-9a-z-]+$')) AS place
    FROM asked a
    LEFT JOIN listed_units u ON u.path = a.target AND u.path <> ''
    LEFT JOIN listed_units r ON r.path = ''
    WHERE a.thing_type = 'policy_attachment' AND a.gap IS NULL
      AND (a.standing = 'settled' OR (a.standing = 'live' AND a.was_there))
), above AS (  -- every place from which a policy reaches the target
    SELECT request, place, place AS node FROM wanted
    UNION
    SELECT w.request, w.place, unnest(string_split(l.units, '/'))
    FROM wanted w JOIN listed_accounts l ON l.account = w.place
    UNION
    SELECT b.request, b.place, u.parent FROM above b JOIN listed_units u ON u.unit = b.node WHERE u.parent IS NOT NULL
), named AS (
    SELECT w.request, list_sort(list(p.policy)) AS policy_ids, list_sort(list(DISTINCT p.name)) AS policy_names
    FROM wanted w JOIN listed_policies p ON w.policy IN (p.policy, p.name) GROUP BY w.request
)
SELECT w.request, w.policy, w.place, w.was_there, coalesce(n.policy_ids, []) AS policy_ids,
       coalesce(n.policy_names, []) AS policy_names, l.account
FROM wanted w
LEFT JOIN named n USING (request)
LEFT JOIN listed_accounts l ON l.account = w.place
WHERE (l.state = 'ACTIVE' OR EXISTS (SELECT 1 FROM listed_units u WHERE u.unit = w.place))
  AND NOT EXISTS (SELECT 1 FROM above b JOIN listed_policy_targets t ON t.target = b.node
                  WHERE b.request = w.request AND list_contains(n.policy_ids, t.policy))
ORDER BY w.request
