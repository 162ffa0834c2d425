-- Seal block :block: hash of its events in order, chained to the block before.
INSERT INTO history_block (block, recorded_at, run_id, events, events_hash, prev_hash, hash)
SELECT :block, :known_at, :run_id, e.events, e.events_hash, p.hash,
       block_hash(p.hash, :block, :known_at, e.events, e.events_hash)
FROM (SELECT count(*) AS events, sha256(string_agg(digest, ''::bytea ORDER BY event)) AS events_hash
      FROM request_event WHERE block = :block) e
CROSS JOIN (SELECT coalesce((SELECT hash FROM history_block WHERE block = :block - 1), ''::bytea) AS hash) p
