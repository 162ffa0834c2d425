-- What is the verdict on each live addition? First match wins. Grain: request.
-- The best candidate speaks: one in its place before one that is not, one that holds what was asked before others.
-- Controls, rules and policies belong in many places: elsewhere they count only where they are new and no other
-- request put them there. Positive evidence decides alone; nothing is called absent while evidence is missing.
CREATE OR REPLACE TABLE addition_verdict AS
WITH rated AS (
    SELECT c.*, a.thing_type, list_position(['ready', 'drifted', 'degraded', 'unverified', 'partial', 'changing', 'failed'], c.state) AS place
    FROM candidate c JOIN asked a USING (request)
), considered AS (
    SELECT r.* FROM rated r
    WHERE r.in_place IS DISTINCT FROM false OR r.thing_type IN ('account', 'provisioned_product', 'ssm_document')
       OR (EXISTS (SELECT 1 FROM news n WHERE n.type = r.thing_type AND n.subject = r.subject)
           AND NOT EXISTS (SELECT 1 FROM rated o JOIN asked b USING (request) WHERE o.thing_type = r.thing_type AND o.subject = r.subject
                           AND o.in_place IS DISTINCT FROM false AND b.standing IN ('live', 'settled')))
), best AS (
    SELECT * FROM considered QUALIFY row_number() OVER (
        PARTITION BY request
        ORDER BY CASE WHEN in_place THEN 0 WHEN in_place IS NULL THEN 1 ELSE 2 END,
                 CASE WHEN same THEN 0 WHEN same IS NULL THEN 1 ELSE 2 END, place, subject) = 1
)
SELECT a.request,
       CASE
           WHEN a.problem IS NOT NULL THEN 'UNKNOWN'
           WHEN b.in_place = false AND a.gap IS NOT NULL THEN 'UNKNOWN'          -- its place may hold it too
           WHEN b.in_place = false THEN 'MISPLACED'
           WHEN b.state = 'failed' THEN 'FAILED'
           WHEN b.state = 'changing' THEN 'IN_PROGRESS'
           WHEN b.same = false THEN 'CONTENT_MISMATCH'
           WHEN b.state = 'partial' THEN 'PARTIAL'
           WHEN b.state = 'drifted' THEN 'FULFILLED_DRIFTED'
           WHEN b.state = 'degraded' THEN 'FULFILLED_DEGRADED'
           WHEN b.state = 'unverified' OR (b.request IS NOT NULL AND (b.same IS NULL OR b.in_place IS NULL)) THEN 'FULFILLED_UNVERIFIED'
           WHEN b.request IS NOT NULL THEN 'FULFILLED'
           WHEN a.gap IS NOT NULL THEN 'UNKNOWN'
           WHEN a.status = 'failed' THEN 'FAILED'
           WHEN a.deadline > $now OR a.deadline IS NULL THEN 'IN_PROGRESS'
           WHEN a.deadline > a.looked_at THEN 'UNKNOWN'                          -- nobody has looked since
           ELSE 'NOT_FULFILLED'
       END AS verdict,
       b.subject, b.state, b.told, b.in_place, b.same,
       (SELECT count(*) FROM candidate c WHERE c.request = a.request) AS candidates
FROM asked a LEFT JOIN best b USING (request)
WHERE a.standing = 'live'
ORDER BY a.request
