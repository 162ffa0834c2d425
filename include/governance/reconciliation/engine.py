"""The join: evaluations of a snapshot against the scopes of live exceptions.

What fits what is looked up in the index of the snapshot (`matching`). Questions about the result are one file
each in `sql/reconciliation/`, asked of DuckDB over the narrow result and the index. What is joined are
numbers, and text only for what is reported. DuckDB's memory is bounded, what does not fit spills to disk; the
arrays of the index are as large as the snapshot makes them, what is done with them is not (decision 0023).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from governance import evaluation_index, resources
from governance.reconciliation import tables
from governance.reconciliation.compiled import Compiled
from governance.reconciliation.directory import Directory
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.matching import collapse
from governance.reconciliation.matching.collapse import Collapsed
from governance.reconciliation.matching.facts import Facts
from governance.reconciliation.matching.ground import Ground
from governance.reconciliation.matching.matcher import Matcher
from governance.reconciliation.matching.outcome import Outcome
from governance.reconciliation.policy import ReconciliationPolicy
from governance.reconciliation.scopes import compile_scopes

MEMORY = "1GB"
"""What DuckDB may take unless told otherwise."""


@dataclass(frozen=True)
class Matched:
    """What the join found.

    `counts` per exception that fits anything: exception, matched, assessed, covered, stale, won.
    `scope_evidence` per scope: scope, has_place, gap, seen, untagged. `totals` is what the snapshot adds up
    to. The narrow result stays in the database, as the view `outcome`.
    """

    counts: pd.DataFrame
    scope_evidence: pd.DataFrame
    totals: dict[str, int]
    directory: Directory
    compiled: Compiled
    ground: Ground
    outcome: Outcome


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


@contextmanager
def sibling(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open another database in the same DuckDB, for another thread: they share its memory and no table."""
    with connection.cursor() as cursor:
        cursor.execute("ATTACH ':memory:' AS sibling")
        cursor.execute("USE sibling")
        yield cursor


@contextmanager
def ground(
    connection: duckdb.DuckDBPyConnection, evidence: Evidence, policy: ReconciliationPolicy
) -> Iterator[Ground]:
    """Read what scopes are matched with, whatever the scopes are; the large parts beside other work."""
    if evidence.index is None:
        evaluation_index.build(connection, evidence.evaluations)
    with Facts.read(connection, evidence.index) as facts:
        directory = Directory(evidence, facts.deployed, facts.accounts, facts.regions)
        yield Ground(facts, directory, directory.deployments(policy))


def match(
    connection: duckdb.DuckDBPyConnection,
    evidence: Evidence,
    exceptions: list[LiveException],
    policy: ReconciliationPolicy,
    beside: int | None = None,
) -> Matched:
    """Match a snapshot with exceptions, as `match_on` does."""
    with ground(connection, evidence, policy) as there:
        return match_on(connection, there, exceptions, beside)


def match_on(
    connection: duckdb.DuckDBPyConnection,
    there: Ground,
    exceptions: list[LiveException],
    beside: int | None = None,
) -> Matched:
    """Match everything with everything, once. `exceptions` are at their phase of one instant.

    The view `outcome` is there then; `publish` makes what else questions are asked about. `beside` is the
    index of an exception: then there is a table `beside` as well (scope, item), with all scopes that fit an
    item which its scopes fit.
    """
    compiled = compile_scopes(exceptions, there.directory)
    collapsed = _collapse(connection, there)
    matcher = Matcher(compiled, there, collapsed)
    if beside is not None:
        matcher.heed(beside)
    matcher.run()
    outcome = Outcome(there, collapsed, matcher.tally)
    outcome.publish(connection)
    if beside is not None:
        outcome.publish_met(connection)
    return Matched(
        counts=matcher.tally.counts(outcome.fresh),
        scope_evidence=matcher.evidence.table(),
        totals=outcome.totals(),
        directory=there.directory,
        compiled=compiled,
        ground=there,
        outcome=outcome,
    )


def publish(connection: duckdb.DuckDBPyConnection, matched: Matched) -> None:
    """Make the tables that questions about the result are asked of, beside `outcome` (see `tables`).

    Whoever has a question sees to it: mostly nobody has, and to do it twice changes nothing.
    """
    tables.of_index(connection, matched.ground)
    tables.of_kinds(connection, matched.ground)
    tables.of_scopes(connection, matched.ground, matched.compiled)
    tables.of_items(connection)


def _collapse(connection: duckdb.DuckDBPyConnection, ground: Ground) -> Collapsed:
    """Find what counts once though it shows several times; mostly nothing does."""
    if not collapse.is_likely(ground):
        return collapse.nothing(ground)
    tables.of_index(connection, ground)
    tables.of_kinds(connection, ground)
    tables.of_stale_cells(connection, ground)
    return collapse.collapse(connection, ground)


def deviations(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the non-compliant items that nobody approved, in the order of account, kind, region, resource.

    Columns: account, region, kind, rule (as deployed), resource_id, expired. What `publish` makes is there.
    """
    run(connection, "deviations")
    found: pd.DataFrame = connection.sql("FROM deviation").df()
    return found.sort_values(["account", "kind", "region", "resource_id"], ignore_index=True)


def run(connection: duckdb.DuckDBPyConnection, question: str) -> None:
    """Run the statements of one file."""
    connection.execute(resources.sql(f"reconciliation/{question}.sql"))


def answer(connection: duckdb.DuckDBPyConnection, question: str) -> pd.DataFrame:
    """Return the rows of one file's query."""
    frame: pd.DataFrame = connection.execute(resources.sql(f"reconciliation/{question}.sql")).df()
    return frame


def store(connection: duckdb.DuckDBPyConnection, name: str, rows: pd.DataFrame | pa.Table) -> None:
    """Create a table from rows; missing values of a frame become NULL."""
    handed = pa.Table.from_pandas(rows, preserve_index=False) if isinstance(rows, pd.DataFrame) else rows
    connection.register("handed", handed)
    connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM handed')  # noqa: S608 (a name from our code)
    connection.unregister("handed")
