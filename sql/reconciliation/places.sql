-- Where is evidence fresh? Tables of places by number, and the cells whose evidence is not.
-- place_number. Grain: account, region, as `place` has them. number: of a region that evaluations speak of.
CREATE TABLE place_number AS
SELECT a.account, g.number, g.bit, p.fresh, p.needed, CASE WHEN NOT p.fresh THEN p.account || ' ' || p.region || ': ' || p.reason END AS words
FROM place p JOIN account a ON a.id = p.account JOIN region g ON g.region = p.region;

-- stale_cell. A place that the manifest does not know has no fresh evidence either. Grain: cell.
CREATE TABLE stale_cell AS
WITH unknown AS (
    SELECT s.account, s.region FROM seen_place s
    ANTI JOIN (SELECT account, number FROM place_number WHERE fresh) f ON f.account = s.account AND f.number = s.region
)
SELECT c.cell FROM cell c JOIN unknown USING (account, region)
UNION
SELECT c.cell FROM cell c JOIN deployment d USING (deployment) WHERE NOT d.sound
