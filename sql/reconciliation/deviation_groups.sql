-- What are the deviations, told without naming each? Grain: kind, deployed rule, exception that covered it last.
-- The same items give the same sums; what differs in one item differs in them.
SELECT kind, rule, expired, count(*) AS items, sum(item) AS total, bit_xor(item) AS parity
FROM (SELECT kind, rule, expired, hash(account, region, resource_id) AS item FROM deviation)
GROUP BY kind, rule, expired
ORDER BY kind, rule, expired
