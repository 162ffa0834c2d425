-- What does the manifest of snapshot :id say? Grain: service, dataset, account, region.
SELECT service, dataset, account, region, status, row_count, evidence_at, path, sha256, message
FROM snapshot_dataset WHERE snapshot_id = :id
ORDER BY service, dataset, account, region
