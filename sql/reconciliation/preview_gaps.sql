-- Where in the scopes of the exception $exception is evidence not fresh? Grain: account, region.
SELECT DISTINCT p.account, p.region, p.reason
FROM place p
JOIN region g USING (region)
JOIN account i ON i.id = p.account
JOIN account_place a ON a.account = i.account
JOIN place_of o ON o.place = a.place AND o.mask & g.bit <> 0
JOIN scope s ON s.scope = o.owner
WHERE s.exception = $exception AND p.needed AND NOT p.fresh
ORDER BY p.account, p.region
