-- Which exceptions cover how much of it already? Grain: exception.
SELECT exception, count(*) AS items FROM preview_covered GROUP BY exception ORDER BY items DESC, exception
