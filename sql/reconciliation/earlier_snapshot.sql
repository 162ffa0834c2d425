-- Which snapshot tells best what was there before the register began? One id, or none: the newest finished one up to
-- :began, else the first one there is, never later than :as_of.
SELECT snapshot_id FROM snapshot
WHERE status = 'complete' AND as_of <= :as_of
ORDER BY as_of <= :began DESC, CASE WHEN as_of <= :began THEN as_of END DESC, as_of
LIMIT 1
