-- Note that a record came with a file that is stored. A file seen before keeps its first run; its request may
-- have become known meanwhile.
INSERT INTO evidence (source, source_key, locator, name, media_type, size, sha256, path, run_id, recorded_at)
VALUES (:source, :source_key, :locator, :name, :media_type, :size, :sha256, :path, :run_id, :recorded_at)
ON CONFLICT (source, locator, sha256, name) DO UPDATE SET source_key = excluded.source_key
