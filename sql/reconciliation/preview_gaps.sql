-- Where in the scopes of the exception $exception is evidence not fresh? Grain: account, region.
SELECT DISTINCT p.account, p.region, p.reason
FROM place p
JOIN region g USING (region)
JOIN account i ON i.id = p.account
JOIN account_of o ON o.account = i.account
JOIN scope s ON s.place_set = o.place_set AND s.mask & g.bit <> 0
WHERE s.exception = $exception AND p.needed AND NOT p.fresh
ORDER BY p.account, p.region
