-- Which number has the first row of each part? Rows are numbered through all $files, in the order of `part`.
UPDATE part SET first = counted.first
FROM (
    SELECT p.position, sum(m.num_rows) OVER (ORDER BY p.position) - m.num_rows AS first
    FROM part p JOIN parquet_file_metadata($files) m ON m.file_name = p.filename
) counted WHERE counted.position = part.position
