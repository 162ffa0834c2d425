-- Which files came with the records of the request :source_key of :source up to :at? Grain: one row per record and file.
SELECT locator, name, media_type, size, sha256, path, recorded_at
FROM evidence WHERE source = :source AND source_key = :source_key AND recorded_at <= :at
ORDER BY evidence
