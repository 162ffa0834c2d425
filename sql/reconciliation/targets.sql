-- Where does each scope (and each exclusion) apply? Grain: owner, account, kind; kind -1: any.
-- Places are resolved to accounts first: there are far fewer targets than cells.
-- A place is an account, a unit (accounts below it have it in their chain), or '*'.
CREATE TABLE account_of AS
SELECT p.place_set, a.account FROM place_of p JOIN account a ON a.id = p.place
UNION
SELECT p.place_set, a.account FROM place_of p JOIN chain_place c USING (place) JOIN account a USING (chain)
UNION
SELECT p.place_set, a.account FROM place_of p CROSS JOIN account a WHERE p.place = '*';

CREATE TABLE target AS
SELECT o.owner, a.account, k.kind, o.mask
FROM (
    SELECT scope AS owner, place_set, kind_set, mask FROM scope
    UNION ALL
    SELECT exclusion, place_set, kind_set, mask FROM exclusion
) o
JOIN account_of a USING (place_set) JOIN kind_of k USING (kind_set)
