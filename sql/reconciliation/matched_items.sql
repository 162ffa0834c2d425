-- Which items does the one exception match? Grain: item, by the first row that speaks of it.
-- $file: the only part of the evaluations that were matched, everything in it non-compliant.
SELECT e.account, e.region, e.rule, e.creator, e.resource_type, e.resource_id
FROM outcome o JOIN read_parquet($file, file_row_number = true) e ON e.file_row_number = o.row
WHERE o.active IS NOT NULL
