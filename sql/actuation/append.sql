-- Append one event to the history of actions, chained to the one before. The caller holds the lock of the chain.
INSERT INTO action_event (event, action, phase, at, recorded_at, operation, account, region, rule, request_number, actor, detail,
                          prev_hash, hash)
SELECT n.event, n.action, n.phase, n.at, n.recorded_at, n.operation, n.account, n.region, n.rule, n.request_number, n.actor,
       n.detail, n.prev_hash,
       action_hash(n.prev_hash, n.event, n.action, n.phase, n.at, n.recorded_at, n.operation, n.account, n.region, n.rule,
                   n.request_number, n.actor, n.detail)
FROM (
    SELECT coalesce(l.event, 0) + 1 AS event, CAST(:action AS bigint) AS action, CAST(:phase AS text) AS phase,
           CAST(:at AS timestamptz) AS at, clock_timestamp() AS recorded_at, CAST(:operation AS text) AS operation,
           CAST(:account AS text) AS account, CAST(:region AS text) AS region, CAST(:rule AS text) AS rule,
           CAST(:request_number AS bigint) AS request_number, CAST(:actor AS text) AS actor,
           CAST(:detail AS jsonb) AS detail, coalesce(l.hash, ''::bytea) AS prev_hash
    FROM (SELECT 1) one LEFT JOIN (SELECT event, hash FROM action_event ORDER BY event DESC LIMIT 1) l ON true
    OFFSET 0  -- worked out once: the hash is of the very values that are written
) n
