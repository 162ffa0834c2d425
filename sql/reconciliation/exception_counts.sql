-- How much does each exception cover? Grain: exception.
-- matched: items in scope; assessed: of those with fresh evidence; covered: non-compliant with fresh evidence;
-- stale: non-compliant without; won: of covered, those where it is the most specific active one.
-- Scopes of one exception may overlap: then, and only then, what they match is made distinct first.
WITH owner_of AS (
    SELECT scope, exception, count(*) OVER (PARTITION BY exception) > 1 AS overlaps FROM scope
), by_cell AS (
    SELECT o.exception, m.* EXCLUDE (scope) FROM cell_match m JOIN owner_of o USING (scope) WHERE NOT o.overlaps
    UNION ALL
    SELECT DISTINCT o.exception, m.* EXCLUDE (scope) FROM cell_match m JOIN owner_of o USING (scope) WHERE o.overlaps
), by_row AS (
    SELECT o.exception, m.fresh, m.nc_fresh, m.nc_stale, m.listed
    FROM row_match m JOIN owner_of o USING (scope) WHERE NOT o.overlaps
    UNION ALL
    SELECT o.exception, any_value(m.fresh), any_value(m.nc_fresh), any_value(m.nc_stale), true
    FROM row_match m JOIN owner_of o USING (scope)
    ANTI JOIN by_cell b ON b.exception = o.exception AND b.cell = m.cell
    WHERE o.overlaps GROUP BY o.exception, m.item
), counted AS (
    SELECT exception, sum(n) AS matched, sum(fresh) AS assessed, sum(nc_fresh) AS covered, sum(nc_stale) AS stale
    FROM by_cell GROUP BY exception
    UNION ALL
    SELECT exception, count(*) FILTER (WHERE listed), count(*) FILTER (WHERE listed AND fresh),
           count(*) FILTER (WHERE nc_fresh), count(*) FILTER (WHERE nc_stale)
    FROM by_row GROUP BY exception
    UNION ALL
    SELECT o.exception, sum(m.n), coalesce(sum(m.n) FILTER (WHERE m.fresh), 0), 0, 0
    FROM row_sum m JOIN owner_of o USING (scope) GROUP BY o.exception
), won AS (
    SELECT r.exception, sum(w.won) AS won
    FROM (SELECT active, count(*) AS won FROM hit WHERE fresh AND active IS NOT NULL GROUP BY active) w
    JOIN (SELECT DISTINCT rank, exception FROM scope) r ON r.rank = w.active
    GROUP BY r.exception
)
SELECT exception, sum(matched)::BIGINT AS matched, sum(assessed)::BIGINT AS assessed,
       sum(covered)::BIGINT AS covered, sum(stale)::BIGINT AS stale, coalesce(any_value(won), 0)::BIGINT AS won
FROM counted LEFT JOIN won USING (exception)
GROUP BY exception ORDER BY exception
