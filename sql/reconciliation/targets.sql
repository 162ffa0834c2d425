-- Where does each scope (and each exclusion) apply? Grain: owner, account, kind; kind -1: any.
-- Places are resolved to accounts first: there are far fewer targets than cells.
CREATE TABLE account_of AS
SELECT DISTINCT p.place_set, a.account FROM place_of p JOIN account_place a USING (place);

CREATE TABLE target AS
SELECT o.owner, a.account, k.kind, o.mask
FROM (
    SELECT scope AS owner, place_set, kind_set, mask FROM scope
    UNION ALL
    SELECT exclusion, place_set, kind_set, mask FROM exclusion
) o
JOIN account_of a USING (place_set) JOIN kind_of k USING (kind_set)
