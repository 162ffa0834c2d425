-- Which requests renew :source / :source_key, or are renewed by it (:renewal_of), as known at :at?
-- Grain: request. Columns: relation, request_id, status, valid_from, valid_until.
SELECT CASE WHEN renewal_of = :source_key THEN 'renewed by' ELSE 'renews' END AS relation, request_id, status,
       valid_from, valid_until
FROM request_as_of(:at, :at)
WHERE source = :source AND (renewal_of = :source_key OR source_key = :renewal_of)
ORDER BY valid_from, request_id
