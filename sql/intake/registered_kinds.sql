-- Under which kind does the register know the requests of :source with these keys? Grain: one row per request.
SELECT source_key, kind FROM request WHERE source = :source AND source_key = ANY(:keys)
