-- What does the manifest of snapshot :id say about one dataset? Grain: account and region.
SELECT * FROM snapshot_dataset
WHERE snapshot_id = :id AND service = :service AND dataset = :dataset
ORDER BY account, region
