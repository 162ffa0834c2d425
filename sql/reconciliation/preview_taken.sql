-- How many of those items with fresh evidence do other exceptions cover already? One row.
SELECT count(DISTINCT c.row) AS taken FROM preview_covered c JOIN preview_item i USING (row) WHERE i.fresh
