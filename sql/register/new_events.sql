-- Append the news to the history, sealed in block :block.
INSERT INTO request_event
    (request_number, valid_at, recorded_at, actor, origin, status, state, raw, run_id, content, digest, block)
SELECT request_number, valid_at, :known_at, actor, 'observed', status, state, raw, :run_id, content, digest, :block
FROM observed JOIN news USING (row_no) WHERE is_news
ORDER BY valid_at, row_no
