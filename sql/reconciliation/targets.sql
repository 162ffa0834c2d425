-- Where does each scope (and each exclusion) apply? Grain: owner, place, kind; kind -1: any.
CREATE TABLE target AS
SELECT owner, p.place, k.kind, p.mask FROM place_of p JOIN kind_of k USING (owner)
