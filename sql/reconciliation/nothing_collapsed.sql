-- Where no item shows several times: the tables of collapsed.sql and collapsed_items.sql, empty.
CREATE TABLE IF NOT EXISTS collapsed_cell (
    cell INTEGER, account INTEGER, region INTEGER, deployment INTEGER, grp INTEGER, is_full BOOLEAN, kind INTEGER,
    is_global BOOLEAN
);

CREATE TABLE IF NOT EXISTS member (
    cell INTEGER, resource INTEGER, row BIGINT, account INTEGER, kind INTEGER, deployment INTEGER, bit BIGINT,
    fresh BOOLEAN, region INTEGER, item BIGINT
);

CREATE TABLE IF NOT EXISTS item_cell (
    cell BIGINT, account INTEGER, kind INTEGER, mask BIGINT, region INTEGER, n BIGINT, fresh BIGINT, nc_fresh BIGINT,
    nc_stale BIGINT, deployment INTEGER
)
