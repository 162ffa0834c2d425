-- Which units does each addition mean? Grain: one row per request and unit.
-- A unit is meant by its id, by its names below the root, or as Root; an id stands even where the listing lacks it.
CREATE OR REPLACE TABLE asked_unit AS
SELECT DISTINCT a.request, u.unit
FROM asked a JOIN listed_units u ON a.ou IN (u.unit, u.path) OR (a.ou = 'Root' AND u.path = '')
UNION
SELECT request, ou FROM asked WHERE regexp_full_match(ou, '(ou|r)-[0-9a-z-]+')
