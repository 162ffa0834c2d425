-- Which of the things present are newer than the register? Grain: one row per thing.
-- Where AWS gives no date, a thing is new if the earlier snapshot, complete about its type, does not hold it.
-- $began: the register's beginning; NULL dates and no earlier snapshot: nobody can tell, so it is not called new.
CREATE OR REPLACE TABLE news AS
SELECT p.* FROM present p
WHERE CASE WHEN p.created_at IS NOT NULL THEN p.created_at >= $began
           ELSE p.type IN (SELECT type FROM earlier_type)
                AND NOT EXISTS (SELECT 1 FROM earlier e WHERE e.type = p.type AND e.subject = p.subject) END
