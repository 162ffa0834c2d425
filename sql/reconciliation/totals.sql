-- What does the snapshot add up to? One row. assessed: items with fresh evidence; the rest is unknown.
WITH simple AS (
    SELECT c.n, c.nc, f.cell IS NULL AS fresh, k.cell IS NULL AS alone
    FROM cell c LEFT JOIN stale_cell f ON f.cell = c.cell LEFT JOIN collapsed_cell k ON k.cell = c.cell
), counted AS (
    SELECT sum(n) AS n, sum(n) FILTER (WHERE fresh) AS assessed, sum(nc) AS nc, sum(nc) FILTER (WHERE NOT fresh) AS unknown
    FROM simple WHERE alone
    UNION ALL
    SELECT sum(n), sum(fresh), sum(nc_fresh) + sum(nc_stale), sum(nc_stale) FROM item_cell
), met AS (
    -- an exception that is yet to begin hits as well, with neither
    SELECT count(active) AS covered, count(expired) FILTER (WHERE active IS NULL) AS expired FROM hit WHERE fresh
)
SELECT coalesce(sum(n), 0)::BIGINT AS evaluations, coalesce(sum(assessed), 0)::BIGINT AS assessed,
       coalesce(sum(nc), 0)::BIGINT AS non_compliant, any_value(covered)::BIGINT AS covered,
       (coalesce(sum(nc), 0) - coalesce(sum(unknown), 0) - any_value(covered))::BIGINT AS deviations,
       any_value(expired)::BIGINT AS expired_deviations, coalesce(sum(unknown), 0)::BIGINT AS unknown
FROM counted, met
