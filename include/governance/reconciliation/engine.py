"""The join: evaluations of a snapshot against the scopes of live exceptions, in DuckDB.

Every question is one file in `sql/reconciliation/`, run in the order below. Broad scopes are matched on
cells, the rest on rows; the winner is the smallest rank. What DuckDB joins are numbers: `facts` reads the
keys of evaluations, `wanted` the rows that scopes by resource or tag need, and text is joined back only for
what is reported. Memory is bounded, what does not fit spills to disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from governance import resources
from governance.reconciliation import facts, wanted
from governance.reconciliation.cells import bad_rows, place_cells
from governance.reconciliation.directory import EVERYWHERE, Directory
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.facts import Array, Facts
from governance.reconciliation.policy import ReconciliationPolicy
from governance.reconciliation.scopes import Compiled, compile_scopes

MEMORY = "1GB"
"""What the join may take unless told otherwise."""


@dataclass(frozen=True)
class Matched:
    """What the join found.

    `counts` per exception that fits anything: exception, matched, assessed, covered, stale, won.
    `scope_evidence` per scope: scope, has_place, gap, seen, untagged. `totals` has what `totals.sql` counts.
    The narrow result stays in the database, as the table `outcome`.
    """

    counts: pd.DataFrame
    scope_evidence: pd.DataFrame
    totals: dict[str, int]
    directory: Directory
    compiled: Compiled
    facts: Facts


@contextmanager
def database(scratch: Path | None = None, memory: str = MEMORY) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory DuckDB that uses at most `memory` and spills to `scratch`."""
    connection = duckdb.connect()
    try:
        connection.execute(f"SET memory_limit = '{memory}'")
        connection.execute("SET preserve_insertion_order = false")
        if scratch is not None:
            connection.execute("SET temp_directory = $folder", {"folder": str(scratch)})
        yield connection
    finally:
        connection.close()


def match(
    connection: duckdb.DuckDBPyConnection,
    evidence: Evidence,
    exceptions: list[LiveException],
    policy: ReconciliationPolicy,
) -> Matched:
    """Match everything with everything, once. `exceptions` are at their phase of one instant."""
    known = facts.read(evidence.evaluations)
    directory = Directory(evidence, known.deployed, known.seen())
    compiled = compile_scopes(exceptions, directory)
    kinds = directory.kind_table(policy)
    placed = place_cells(known, kinds, directory, evidence)
    connection.register("placed_cell", placed)
    connection.register("bad_row", bad_rows(known, placed))
    for name, frame in {**_dimensions(evidence, directory, kinds), **compiled.frames()}.items():
        store(connection, name, frame)
    for question in ("targets", "tag_fits", "row_cells"):
        run(connection, question)
    _find_rows(connection, known, evidence.tags_are_known)
    for question in ("cells", "cell_matches", "row_hits", "row_matches", "outcomes"):
        run(connection, question)
    totals = answer(connection, "totals").to_dict("records")[0]
    return Matched(
        counts=answer(connection, "exception_counts"),
        scope_evidence=answer(connection, "scope_evidence"),
        totals={str(name): int(value) for name, value in totals.items()},
        directory=directory,
        compiled=compiled,
        facts=known,
    )


def deviations(connection: duckdb.DuckDBPyConnection, matched: Matched) -> pd.DataFrame:
    """Return the non-compliant items that nobody approved, in the order of account, kind, region, resource.

    Columns: account, region, kind, rule (as deployed), resource_id, expired.
    """
    found = answer(connection, "deviations")
    found["resource_id"] = pd.Series(
        wanted.resources(matched.facts, found.pop("row").to_numpy()), index=found.index, dtype="str"
    )
    return found.sort_values(["account", "kind", "region", "resource_id"], ignore_index=True)


def run(connection: duckdb.DuckDBPyConnection, question: str) -> None:
    """Run the statements of one file."""
    connection.execute(resources.sql(f"reconciliation/{question}.sql"))


def answer(connection: duckdb.DuckDBPyConnection, question: str) -> pd.DataFrame:
    """Return the rows of one file's query."""
    frame: pd.DataFrame = connection.sql(resources.sql(f"reconciliation/{question}.sql")).df()
    return frame


def store(
    connection: duckdb.DuckDBPyConnection, name: str, rows: pd.DataFrame | pa.Table | pa.RecordBatchReader
) -> None:
    """Create a table from rows; missing values of a frame become NULL."""
    handed = pa.Table.from_pandas(rows, preserve_index=False) if isinstance(rows, pd.DataFrame) else rows
    connection.register("handed", handed)
    connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM handed')  # noqa: S608 (a name from our code)
    connection.unregister("handed")


def _find_rows(connection: duckdb.DuckDBPyConnection, known: Facts, tags_are_known: bool) -> None:
    """Store rows that scopes need as `needed_row`, and which of their names fit which test as `passed`."""

    def flags(query: str) -> Array:
        found = np.zeros(len(known.rows), dtype=bool)
        found[connection.sql(query).fetchnumpy()["cell"]] = True
        return found

    by_tag = f"SELECT DISTINCT cell FROM row_cell WHERE by_tag AND {tags_are_known}"  # noqa: S608 (a bool)
    batches, passed = wanted.rows(
        known,
        wanted.Wanted(
            tests=connection.sql("FROM resource_test ORDER BY test").df(),
            whole=flags("SELECT DISTINCT cell FROM row_cell WHERE NOT by_tag"),
            tagged=flags(by_tag),
            tag_sets=connection.sql("SELECT DISTINCT tag_set FROM tag_fit").fetchnumpy()["tag_set"],
            collapsed=flags("SELECT cell FROM placed_cell WHERE collapsed"),
            tags_are_known=tags_are_known,
        ),
    )
    store(connection, "needed_row", pa.RecordBatchReader.from_batches(wanted.ROWS, batches))
    store(connection, "passed", pa.Table.from_batches(passed, wanted.PASSED))


def _dimensions(evidence: Evidence, directory: Directory, kinds: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables by which accounts, regions, deployed rules and tag sets are known."""
    number = {account: position for position, account in enumerate(directory.accounts)}
    places = [
        (number[account], place)
        for account in directory.accounts
        for place in sorted({account, EVERYWHERE} | directory.chains.get(account, frozenset()))
    ]
    regions = [(position, region, 1 << position) for position, region in enumerate(directory.regions)]
    return {
        "account": _frame(list(enumerate(directory.accounts)), account="int32", id="str"),
        "account_place": _frame(places, account="int32", place="str"),
        "region": _frame(regions, number="int32", region="str", bit="int64"),
        "place": evidence.places.astype({"account": "str", "region": "str", "reason": "str"}),
        "deployment": kinds.rename_axis("deployment").reset_index().astype(
            {"deployment": "int32", "kind": "int32", "rule": "str", "creator": "str", "service": "str"}
        ),
        "tag_set": evidence.tag_sets.astype({"tag_set": "int32", "key": "str", "value": "str"}),
    }  # fmt: skip


def _frame(rows: list[tuple[Any, ...]], **types: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(types)).astype(types)
