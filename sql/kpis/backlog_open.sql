-- How many requests wait for somebody, and how old are they?
-- Grain: all, each kind, each age bucket (age = :as_of minus submission; a bucket holds its lower bound, not its
-- upper). Unit: requests. Unknown: open requests whose submission the source does not name; they are in no bucket.
WITH bucket (place, age, at_least, less_than) AS (
    VALUES (1, 'under 7 days', '-infinity'::interval, interval '7 days'),
           (2, '7 to 30 days', interval '7 days', interval '30 days'),
           (3, '30 to 90 days', interval '30 days', interval '90 days'),
           (4, '90 days and over', interval '90 days', 'infinity'::interval)
), backlog AS (
    -- justified by hours: a day is 24 hours, whatever the calendar says
    SELECT kind, submitted_at, make_interval(secs => extract(epoch FROM :as_of - submitted_at)::double precision)
           AS age FROM request_then WHERE is_open
)
SELECT dimension, value, 'requests' AS unit, n, unknown, NULL AS reason
FROM (
    SELECT 0 AS place, jsonb_strip_nulls(jsonb_build_object('kind', kind)) AS dimension, count(*) AS value,
           count(*) AS n, count(*) FILTER (WHERE submitted_at IS NULL) AS unknown
    FROM backlog GROUP BY GROUPING SETS ((), (kind))
    UNION ALL
    SELECT place, jsonb_build_object('age', bucket.age), count(backlog.age), count(backlog.age), 0
    FROM bucket LEFT JOIN backlog ON backlog.age >= at_least AND backlog.age < less_than
    GROUP BY place, bucket.age
) q
ORDER BY place, dimension
