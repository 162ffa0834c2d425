-- Which items show several times, and count once? Grain: cell.
-- A global resource shows in every region, an item of a rule that is deployed twice under generated names in
-- both, and parts may hold a row twice.
CREATE TABLE collapsed_cell AS
WITH likely AS (
    SELECT c.cell, d.is_global, count(*) OVER (PARTITION BY c.account, c.region, d.kind) AS cells
    FROM cell c JOIN deployment d USING (deployment) WHERE d.is_global OR d.several
), several AS (
    SELECT cell FROM repeated
    UNION
    SELECT cell FROM likely WHERE is_global OR cells > 1
)
SELECT c.cell, c.account, c.region, c.deployment, c.grp, c.is_full, d.kind, d.is_global
FROM cell c JOIN several USING (cell) JOIN deployment d USING (deployment)
