-- What is the latest verdict on each request? Grain: request.
SELECT DISTINCT ON (v.request_number) r.source, r.source_key, v.verdict, v.flags, v.covered, v.won, v.why
FROM request_verdict v JOIN request r USING (request_number)
ORDER BY v.request_number, v.as_of DESC, v.snapshot_id DESC
