-- Seal block :block, of which the loader knows how many events it wrote and the hash over their digests in order.
-- `register verify` works both out anew from what is stored.
INSERT INTO history_block (block, recorded_at, run_id, events, events_hash, prev_hash, hash)
SELECT :block, :known_at, :run_id, :events, :events_hash, p.hash,
       block_hash(p.hash, :block, :known_at, :events, :events_hash)
FROM (SELECT coalesce((SELECT hash FROM history_block WHERE block = :block - 1), ''::bytea) AS hash) p
