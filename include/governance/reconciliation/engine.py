"""The join: evaluations of a snapshot against the scopes of live exceptions, in DuckDB.

Every question is one file in `sql/reconciliation/`, run in the order below. Broad scopes are matched on
cells, the rest on rows; the winner is the smallest rank. Memory is bounded, what does not fit spills to disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from governance import resources
from governance.reconciliation.directory import EVERYWHERE, Directory
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.policy import ReconciliationPolicy
from governance.reconciliation.scopes import Compiled, compile_scopes

EVALUATION_COLUMNS = (
    "account VARCHAR, region VARCHAR, rule VARCHAR, creator VARCHAR, resource_type VARCHAR, "
    "resource_id VARCHAR, compliance VARCHAR, tag_set INTEGER"
)


@dataclass(frozen=True)
class Matched:
    """What the join found.

    `counts` per exception that fits anything: exception, matched, assessed, covered, stale, won.
    `scope_evidence` per scope: scope, has_place, gap, seen. `deviations` per item: account, region, kind,
    rule, resource_id, expired. `totals` holds the counts of `totals.sql`.
    """

    counts: pd.DataFrame
    scope_evidence: pd.DataFrame
    deviations: pd.DataFrame
    totals: dict[str, int]
    directory: Directory
    compiled: Compiled


@contextmanager
def database(scratch: Path | None = None, memory: str = "2GB") -> Iterator[duckdb.DuckDBPyConnection]:
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
    _read_evaluations(connection, evidence)
    run(connection, "raw_cells")
    deployed = connection.sql("SELECT DISTINCT rule, creator, resource_type FROM raw_cell ORDER BY ALL").df()
    seen = connection.sql("SELECT DISTINCT account, region FROM raw_cell ORDER BY ALL").df()
    directory = Directory(evidence, deployed, seen)
    compiled = compile_scopes(exceptions, directory)
    _hand_over(connection, evidence, directory, compiled, policy)
    for question in _QUESTIONS:
        run(connection, question)
    return Matched(
        counts=answer(connection, "exception_counts"),
        scope_evidence=answer(connection, "scope_evidence"),
        deviations=answer(connection, "deviations"),
        totals={
            str(name): int(value)
            for name, value in answer(connection, "totals").to_dict("records")[0].items()
        },
        directory=directory,
        compiled=compiled,
    )


_QUESTIONS = ("cells", "targets", "cell_matches", "tag_fits", "row_hits", "row_matches", "outcomes")


def run(connection: duckdb.DuckDBPyConnection, question: str) -> None:
    """Run the statements of one file."""
    connection.execute(resources.sql(f"reconciliation/{question}.sql"))


def answer(connection: duckdb.DuckDBPyConnection, question: str) -> pd.DataFrame:
    """Return the rows of one file's query."""
    frame: pd.DataFrame = connection.sql(resources.sql(f"reconciliation/{question}.sql")).df()
    return frame


def store(connection: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame) -> None:
    """Create a table from a frame; missing values become NULL."""
    handed = pa.Table.from_pandas(frame, preserve_index=False)
    connection.register("handed", handed)
    connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM handed')  # noqa: S608 (a name from our code)
    connection.unregister("handed")


def _read_evaluations(connection: duckdb.DuckDBPyConnection, evidence: Evidence) -> None:
    if evidence.evaluations:
        files = ", ".join("'" + str(path).replace("'", "''") + "'" for path in evidence.evaluations)
        connection.execute(f"CREATE VIEW evaluation AS SELECT * FROM read_parquet([{files}])")  # noqa: S608
    else:
        connection.execute(f"CREATE TABLE evaluation ({EVALUATION_COLUMNS})")


def _hand_over(
    connection: duckdb.DuckDBPyConnection,
    evidence: Evidence,
    directory: Directory,
    compiled: Compiled,
    policy: ReconciliationPolicy,
) -> None:
    frames: dict[str, Any] = compiled.frames()
    frames["kind"] = _typed(directory.kind_table(policy), creator="str", rule="str")
    frames["region"] = pd.DataFrame(
        [(region, 1 << bit) for bit, region in enumerate(directory.regions)], columns=["region", "bit"]
    ).astype({"region": "str", "bit": "int64"})
    frames["place"] = _typed(evidence.places, account="str", region="str", reason="str")
    frames["account_place"] = pd.DataFrame(
        [
            (account, place)
            for account in directory.accounts
            for place in sorted({account, EVERYWHERE} | directory.chains.get(account, frozenset()))
        ],
        columns=["account", "place"],
    ).astype("str")
    frames["tag_set"] = pd.DataFrame(columns=["tag_set", "key", "value"]).astype(
        {"tag_set": "int32", "key": "str", "value": "str"}
    )
    for name, frame in frames.items():
        store(connection, name, frame)


def _typed(frame: pd.DataFrame, **types: str) -> pd.DataFrame:
    return frame.astype(types)
