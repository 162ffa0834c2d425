-- Which non-compliant items are in the scopes of the exception $exception? Grain: item; fresh: its evidence is.
CREATE TABLE preview_item AS
WITH mine AS (
    SELECT scope FROM scope WHERE exception = $exception
)
SELECT o.item, o.cell, o.fresh
FROM outcome o
WHERE o.cell IN (SELECT m.cell FROM cell_match m JOIN mine USING (scope))
   OR o.item IN (SELECT m.item FROM row_match m JOIN mine USING (scope) WHERE m.nc_fresh OR m.nc_stale)
