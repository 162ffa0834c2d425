-- Which evidence is missing from snapshot :id, and why? Grain: dataset, status and message.
-- What is COMPLETE shows here where something is to be said of it: known as of a delivery only, a recorder that is off.
SELECT service, dataset, status, message, count(*) AS places, min(account) AS first_account, min(region) AS first_region
FROM snapshot_dataset
WHERE snapshot_id = :id AND (status <> 'COMPLETE' OR message IS NOT NULL)
GROUP BY service, dataset, status, message
ORDER BY service, dataset, status, message
