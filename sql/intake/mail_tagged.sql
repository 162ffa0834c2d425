-- Which requests do the ids :tags name, whatever their source? Grain: one row per request.
SELECT request_id, source, source_key FROM request WHERE request_id = ANY(:tags)
