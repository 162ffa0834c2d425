-- What does the snapshot add up to? One row. assessed: items with fresh evidence; the rest is unknown.
SELECT (SELECT coalesce(sum(n), 0)::BIGINT FROM met_cell) AS evaluations,
       (SELECT coalesce(sum(fresh), 0)::BIGINT FROM met_cell) AS assessed,
       count(*) AS non_compliant,
       count(*) FILTER (WHERE fresh AND active IS NOT NULL) AS covered,
       count(*) FILTER (WHERE fresh AND active IS NULL) AS deviations,
       count(*) FILTER (WHERE fresh AND active IS NULL AND expired IS NOT NULL) AS expired_deviations,
       count(*) FILTER (WHERE NOT fresh) AS unknown
FROM outcome
