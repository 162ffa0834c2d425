-- How much does each exception cover? Grain: exception.
-- matched: items in scope; assessed: of those with fresh evidence; covered: non-compliant with fresh evidence;
-- stale: non-compliant without; won: of covered, those where it is the most specific active one.
WITH by_cell AS (
    SELECT DISTINCT s.exception, m.cell FROM cell_match m JOIN scope s USING (scope)
), by_row AS (
    SELECT s.exception, m.cell, m.resource_id, any_value(m.fresh) AS fresh, any_value(m.nc_fresh) AS nc_fresh,
           any_value(m.nc_stale) AS nc_stale
    FROM row_match m JOIN scope s USING (scope)
    ANTI JOIN by_cell b ON b.exception = s.exception AND b.cell = m.cell
    GROUP BY s.exception, m.cell, m.resource_id
), counted AS (
    SELECT exception, sum(n) AS matched, sum(fresh) AS assessed, sum(nc_fresh) AS covered, sum(nc_stale) AS stale
    FROM by_cell JOIN cell USING (cell) GROUP BY exception
    UNION ALL
    SELECT exception, count(*), count(*) FILTER (WHERE fresh), count(*) FILTER (WHERE nc_fresh),
           count(*) FILTER (WHERE nc_stale)
    FROM by_row GROUP BY exception
), won AS (
    SELECT r.exception, count(*) AS won
    FROM outcome o JOIN (SELECT DISTINCT rank, exception FROM scope) r ON r.rank = o.active
    WHERE o.fresh GROUP BY r.exception
)
SELECT exception, sum(matched)::BIGINT AS matched, sum(assessed)::BIGINT AS assessed,
       sum(covered)::BIGINT AS covered, sum(stale)::BIGINT AS stale, coalesce(any_value(won), 0)::BIGINT AS won
FROM counted LEFT JOIN won USING (exception)
GROUP BY exception ORDER BY exception
