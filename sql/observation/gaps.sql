-- Which evidence is missing from snapshot :id, and why? Grain: dataset, status and message.
SELECT service, dataset, status, message, count(*) AS places, min(account) AS first_account, min(region) AS first_region
FROM snapshot_dataset
WHERE snapshot_id = :id AND status <> 'COMPLETE'
GROUP BY service, dataset, status, message
ORDER BY service, dataset, status, message
