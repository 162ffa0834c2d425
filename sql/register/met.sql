-- Which of these keys of a source are requests that the register has met? Grain: one row per request.
SELECT source_key, request_number FROM request WHERE source = :source AND source_key = ANY(:keys)
