-- Which of those items do other active exceptions than $exception cover already? Grain: item, exception.
CREATE TABLE preview_covered AS
SELECT DISTINCT b.item, s.exception
FROM beside b JOIN scope s USING (scope) SEMI JOIN preview_item i USING (item)
WHERE s.phase = 'active' AND s.exception <> $exception
