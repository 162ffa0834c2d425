-- Which staged observations are news? Not those seen before at the same time, and not those that only
-- repeat what was true just before them. Grain: one row per staged observation.
CREATE TEMPORARY TABLE observed ON COMMIT DROP AS
WITH incoming AS (
    SELECT r.request_number, s.record_no, s.row_no, s.valid_at, s.actor, s.status, s.raw, d.state,
           sha256(convert_to(jsonb_build_array(s.status, s.actor, d.state - 'owner' - 'owner_rule', s.raw)::text,
                             'UTF8')) AS content
    FROM stage s
    JOIN request r ON r.source = :source AND r.source_key = s.source_key
    CROSS JOIN LATERAL (SELECT jsonb_strip_nulls(to_jsonb(s) - 'record_no' - 'row_no' - 'source_key' - 'kind'
                                                 - 'status' - 'valid_at' - 'actor' - 'raw') AS state) d
), timeline AS (
    SELECT request_number, record_no, row_no, valid_at, content, 1 AS arrival, row_no AS place FROM incoming
    UNION ALL
    SELECT request_number, NULL, NULL, valid_at, content, 0, event
    FROM request_event WHERE request_number IN (SELECT request_number FROM incoming)
), judged AS (
    SELECT row_no,
           row_number() OVER (PARTITION BY request_number, valid_at, content ORDER BY arrival, place) = 1
           AND content IS DISTINCT FROM
               lag(content) OVER (PARTITION BY request_number ORDER BY valid_at, arrival, place) AS is_news
    FROM timeline
)
SELECT incoming.*, judged.is_news FROM incoming JOIN judged USING (row_no)
