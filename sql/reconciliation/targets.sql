-- Where does each scope (and each exclusion) apply? Grain: owner, account, kind; kind -1: any.
-- Places are resolved to accounts first: there are far fewer targets than cells.
CREATE TABLE target AS
SELECT DISTINCT o.owner::INTEGER AS owner, a.account, k.kind::INTEGER AS kind, o.mask
FROM place_of o JOIN account_place a USING (place) JOIN kind_of k USING (owner)
