-- Which blocks of the history do not add up? One row per broken block, with what is wrong.
WITH recomputed AS (
    SELECT block, count(*) AS events, sha256(string_agg(digest, ''::bytea ORDER BY event)) AS events_hash,
           count(*) FILTER (WHERE digest <> event_digest(request_number, valid_at, actor, origin, status, state, raw))
               AS altered
    FROM request_event GROUP BY block
), chained AS (
    SELECT *, coalesce(lag(hash) OVER (ORDER BY block), ''::bytea) AS expected_prev,
           lag(block, 1, 0) OVER (ORDER BY block) AS previous
    FROM history_block
)
SELECT coalesce(c.block, r.block) AS block,
       CASE WHEN c.block IS NULL THEN 'events without a seal'
            WHEN r.block IS NULL THEN 'all its events are gone'
            WHEN r.altered > 0 THEN r.altered || ' event(s) altered'
            WHEN r.events <> c.events THEN c.events || ' event(s) sealed, ' || r.events || ' found'
            WHEN r.events_hash <> c.events_hash THEN 'events replaced or reordered'
            WHEN c.previous <> c.block - 1 THEN 'the block before it is missing'
            WHEN c.prev_hash <> c.expected_prev THEN 'does not follow the block before it'
            ELSE 'its own hash does not match' END AS problem
FROM chained c FULL JOIN recomputed r ON r.block = c.block
WHERE c.block IS NULL OR r.block IS NULL OR r.altered > 0 OR r.events <> c.events
   OR r.events_hash <> c.events_hash OR c.previous <> c.block - 1 OR c.prev_hash <> c.expected_prev
   OR c.hash <> block_hash(c.prev_hash, c.block, c.recorded_at, c.events, c.events_hash)
ORDER BY 1
