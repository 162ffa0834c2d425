-- No item shows several times: the tables of collapsed_items.sql, empty.
CREATE TABLE member (cell INTEGER, resource INTEGER, row BIGINT, account INTEGER, kind INTEGER, deployment INTEGER,
                     bit BIGINT, fresh BOOLEAN, region INTEGER, item BIGINT);

CREATE TABLE collapsed_item (item BIGINT, account INTEGER, kind INTEGER, region INTEGER, mask BIGINT, fresh BOOLEAN,
                             nc_fresh BOOLEAN, nc_stale BOOLEAN, deployment INTEGER, row BIGINT, resource INTEGER, cell BIGINT);

CREATE TABLE item_cell (cell BIGINT, account INTEGER, kind INTEGER, mask BIGINT, region INTEGER, n BIGINT, fresh BIGINT,
                        nc_fresh BIGINT, nc_stale BIGINT, deployment INTEGER)
