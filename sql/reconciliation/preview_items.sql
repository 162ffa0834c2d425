-- Which non-compliant items are in the scopes of the exception $exception? Grain: item; fresh: its evidence is.
CREATE TABLE preview_item AS
SELECT o.item, o.cell, o.fresh
FROM outcome o
WHERE o.item IN (SELECT b.item FROM beside b JOIN scope s USING (scope) WHERE s.exception = $exception)
