-- In which cells are non-compliant items, collapsed or not? Grain: cell.
CREATE OR REPLACE VIEW met_cell AS
SELECT c.cell::BIGINT AS cell, c.account, c.region, c.deployment, d.kind
FROM cell c JOIN deployment d USING (deployment) ANTI JOIN collapsed_cell k ON k.cell = c.cell
UNION ALL
SELECT cell, account, region, deployment, kind FROM item_cell
