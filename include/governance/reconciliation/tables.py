"""What questions in `sql/reconciliation/` are asked about, beside the narrow result: tables by number."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from governance import evaluation_index, resources
from governance.reconciliation.compiled import PHASES, Compiled
from governance.reconciliation.matching.ground import Applies, Ground

_PLACE = ["account", "region", "fresh", "reason", "needed"]


def of_index(connection: duckdb.DuckDBPyConnection, ground: Ground) -> None:
    """Make the tables of the index readable, where they are not built in `connection`."""
    files = ground.directory.evidence.index
    if files is not None:
        evaluation_index.use(connection, files)


def of_kinds(connection: duckdb.DuckDBPyConnection, ground: Ground) -> None:
    """Make `deployment` (rule, creator, resource_type, and columns of `Deployments`) and `region`."""
    names = ("rule", "creator", "resource_type")
    named = zip(*ground.directory.deployed, strict=True) if ground.directory.deployed else ((),) * 3
    text = {name: pa.array(values, pa.string()) for name, values in zip(names, named, strict=True)}
    number = {"deployment": np.arange(len(ground.directory.deployed))}
    connection.register("deployment", pa.table({**number, **text, **vars(ground.deployments)}))
    numbers = np.arange(len(ground.regions))
    regions = pa.array(ground.regions, pa.string())
    connection.register("region", pa.table({"number": numbers, "region": regions, "bit": ground.bit}))


def of_stale_cells(connection: duckdb.DuckDBPyConnection, ground: Ground) -> None:
    """Make `stale_cell`, the cells without fresh evidence."""
    fresh = ground.fresh(np.arange(len(ground.facts.cells.n)))
    connection.register("stale_cell", pa.table({"cell": np.flatnonzero(~fresh)}))


def of_scopes(connection: duckdb.DuckDBPyConnection, ground: Ground, compiled: Compiled) -> None:
    """Make `account` (account, id), `place`, `account_of`, `scope`, `ending` and `exclusion`.

    `phase` is upcoming, active or expired; `mask` the bits of the regions; `ends` microseconds since 1970.
    """
    columns, count = compiled.columns, compiled.count
    names = pa.array(ground.accounts, pa.string())
    connection.register("account", pa.table({"account": np.arange(len(ground.accounts)), "id": names}))
    connection.register("place", _places(ground))
    applies = Applies(compiled.sets, ground)
    sets = np.repeat(np.arange(len(applies.account_start) - 1), np.diff(applies.account_start))
    connection.register("account_of", pa.table({"place_set": sets, "account": applies.accounts}))
    scope = {
        "scope": np.arange(count),
        "place_set": compiled.owner["place_set"][:count],
        "mask": compiled.owner["mask"][:count],
        "exception": columns.exception,
        "rank": columns.rank,
        "phase": pa.array(list(PHASES), pa.string()).take(pa.array(columns.phase)),
    }
    connection.register("scope", pa.table(scope))
    endings = {"ending": np.arange(len(columns.ends)), "ends": columns.ends}
    connection.register("ending", pa.table(endings))
    exclusion = {"scope": compiled.excluded_from, "mask": compiled.owner["mask"][count:]}
    connection.register("exclusion", pa.table(exclusion))


def _places(ground: Ground) -> pa.Table:
    types = [pa.string(), pa.string(), pa.bool_(), pa.string(), pa.bool_()]
    schema = pa.schema(list(zip(_PLACE, types, strict=True)))
    return pa.Table.from_pandas(ground.directory.evidence.places[_PLACE], schema=schema, preserve_index=False)


def of_items(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `met_cell`, and empty tables of collapsed items where nothing was collapsed."""
    for question in ("nothing_collapsed", "met_cells"):
        connection.execute(resources.sql(f"reconciliation/{question}.sql"))
