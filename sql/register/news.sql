-- Which observations of a batch are news? Not those seen before at the same time, and not those that only
-- repeat what was true just before them. Asked of DuckDB; grain: one row per observation of the batch, by place.
--   observed: request_number, place (in the batch), moment (microseconds), content
--   known:    request_number, event, moment, content of what the register holds of the same requests
WITH timeline AS (
    SELECT request_number, place, moment, content, 1 AS arrival, place AS turn FROM observed
    UNION ALL
    SELECT request_number, NULL, moment, content, 0, event FROM known
)
SELECT place,
       row_number() OVER (PARTITION BY request_number, moment, content ORDER BY arrival, turn) = 1
       AND content IS DISTINCT FROM lag(content) OVER (PARTITION BY request_number ORDER BY moment, arrival, turn) AS is_news
FROM timeline
QUALIFY place IS NOT NULL
ORDER BY place
