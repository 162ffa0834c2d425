-- Which of those items do other active exceptions than $exception cover already? Grain: item, exception.
CREATE TABLE preview_covered AS
WITH other AS (
    SELECT scope, exception FROM scope WHERE phase = 'active' AND exception <> $exception
)
SELECT i.item, o.exception
FROM preview_item i JOIN cell_match m USING (cell) JOIN other o USING (scope)
UNION
SELECT i.item, o.exception
FROM preview_item i JOIN row_match m USING (item) JOIN other o USING (scope)
WHERE m.nc_fresh OR m.nc_stale
