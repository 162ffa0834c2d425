-- How many of those items with fresh evidence do other exceptions cover already? One row.
SELECT count(DISTINCT c.item) AS taken FROM preview_covered c JOIN preview_item i USING (item) WHERE i.fresh
