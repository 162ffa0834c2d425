-- Which columns did the records of :source have, as far as the last good run knew? One row, or none.
SELECT columns FROM intake_run
WHERE source = :source AND columns IS NOT NULL AND status IN ('complete', 'shadow') AND mode <> 'replay'
ORDER BY run_id DESC LIMIT 1
