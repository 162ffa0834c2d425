-- What did the latest snapshot of AWS not see, and why? Grain: dataset, status and message, the widest gap first.
-- What is COMPLETE shows where something is to be said of it: known as of a delivery only, a recorder that is off.
WITH latest AS (
    SELECT snapshot_id FROM snapshot WHERE as_of <= :as_of AND status <> 'running'
    ORDER BY as_of DESC, snapshot_id DESC LIMIT 1
)
SELECT d.service || '/' || d.dataset AS dataset, d.status, d.message, count(*) AS places,
       min(d.account) AS first_account, min(d.region) AS first_region, count(*) OVER () AS gaps
FROM snapshot_dataset d JOIN latest USING (snapshot_id)
WHERE d.status <> 'COMPLETE' OR d.message IS NOT NULL
GROUP BY d.service, d.dataset, d.status, d.message
ORDER BY (d.status = 'COMPLETE'), count(*) DESC, dataset, d.status, d.message
LIMIT 20
