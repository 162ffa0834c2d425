-- Which staged observations are news? Not those seen before at the same time, and not those that only
-- repeat what was true just before them. Grain: one row per staged observation.
CREATE TEMPORARY TABLE news ON COMMIT DROP AS
WITH timeline AS (
    SELECT request_number, record_no, row_no, valid_at, content, 1 AS arrival, row_no AS place FROM observed
    UNION ALL
    SELECT request_number, NULL, NULL, valid_at, content, 0, event
    FROM request_event WHERE request_number IN (SELECT request_number FROM observed)
), judged AS (
    SELECT record_no, row_no,
           row_number() OVER (PARTITION BY request_number, valid_at, content ORDER BY arrival, place) = 1
           AND content IS DISTINCT FROM
               lag(content) OVER (PARTITION BY request_number ORDER BY valid_at, arrival, place) AS is_news
    FROM timeline
)
SELECT record_no, row_no, is_news FROM judged WHERE row_no IS NOT NULL
