"""The join: evaluations of a snapshot against the scopes of live exceptions, in DuckDB.

Every question is one file in `sql/reconciliation/`, run in the order below, over the index of the snapshot
(`evaluation_index`). Broad scopes are matched on cells, the rest on resources; the winner is the smallest
rank. What is joined are numbers, and text only for what is reported. Memory is bounded, what does not fit
spills to disk.
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

from governance import evaluation_index, resources
from governance.reconciliation.arns import service_of
from governance.reconciliation.directory import Directory
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.policy import ReconciliationPolicy
from governance.reconciliation.scope_tables import Compiled
from governance.reconciliation.scopes import compile_scopes

MEMORY = "1GB"
"""What the join may take unless told otherwise."""

QUESTIONS = (
    "targets", "tag_fits", "reaches", "cell_matches", "named", "picks", "row_matches", "outcomes",
)  # fmt: skip
"""Files of `sql/reconciliation/`, in their order; `places`, `collapsed` and `passed` come before."""


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
    if evidence.index is None:
        evaluation_index.build(connection, evidence.evaluations)
    else:
        evaluation_index.use(connection, evidence.index)
    directory = Directory(evidence, *seen(connection))
    compiled = compile_scopes(exceptions, directory)
    tables = {**_dimensions(connection, directory, policy), **compiled.tables()}
    for name, rows in tables.items():
        store(connection, name, rows)
    tags = "*" if evidence.tags_are_known else "* REPLACE (NULL::INTEGER AS tag_set)"
    connection.execute(f"CREATE VIEW tagged AS SELECT {tags} FROM resource")  # noqa: S608 (two words of ours)
    _collapse(connection)
    _pass(connection, tables["resource_test"])
    for question in QUESTIONS:
        run(connection, question)
    totals = answer(connection, "totals").to_dict("records")[0]
    return Matched(
        counts=answer(connection, "exception_counts"),
        scope_evidence=answer(connection, "scope_evidence"),
        totals={str(name): int(value) for name, value in totals.items()},
        directory=directory,
        compiled=compiled,
    )


def _collapse(connection: duckdb.DuckDBPyConnection) -> None:
    """Find out what counts once though it shows several times; mostly nothing does."""
    run(connection, "places")
    run(connection, "collapsed")
    any_ = connection.execute("SELECT EXISTS (FROM collapsed_cell)").fetchall()[0][0]
    run(connection, "collapsed_items" if any_ else "nothing_collapsed")
    run(connection, "met_cells")


def _pass(connection: duckdb.DuckDBPyConnection, tests: pa.Table) -> None:
    """Find out which resource fits which test: exact ones, then patterns by the length of their beginning."""
    run(connection, "passed")
    patterns = tests.filter(tests["is_pattern"])["prefix"].to_pylist()
    for length in sorted({len(prefix) for prefix in patterns}):
        question = resources.sql("reconciliation/passed_patterns.sql")
        connection.execute(question, {"length": length})


def deviations(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the non-compliant items that nobody approved, in the order of account, kind, region, resource.

    They are those of the view `deviation`.
    Columns: account, region, kind, rule (as deployed), resource_id, expired.
    """
    found: pd.DataFrame = connection.sql("FROM deviation").df()
    return found.sort_values(["account", "kind", "region", "resource_id"], ignore_index=True)


def run(connection: duckdb.DuckDBPyConnection, question: str) -> None:
    """Run the statements of one file."""
    connection.execute(resources.sql(f"reconciliation/{question}.sql"))


def answer(connection: duckdb.DuckDBPyConnection, question: str) -> pd.DataFrame:
    """Return the rows of one file's query."""
    frame: pd.DataFrame = connection.sql(resources.sql(f"reconciliation/{question}.sql")).df()
    return frame


def store(connection: duckdb.DuckDBPyConnection, name: str, rows: pd.DataFrame | pa.Table) -> None:
    """Create a table from rows; missing values of a frame become NULL."""
    handed = pa.Table.from_pandas(rows, preserve_index=False) if isinstance(rows, pd.DataFrame) else rows
    connection.register("handed", handed)
    connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM handed')  # noqa: S608 (a name from our code)
    connection.unregister("handed")


def seen(connection: duckdb.DuckDBPyConnection) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what evaluations speak of: rule, creator, resource_type in order; and account, region."""
    places = connection.sql(
        "SELECT a.id AS account, g.name AS region FROM seen_place JOIN seen_account a USING (account)"
        " JOIN seen_region g USING (region) ORDER BY ALL"
    )
    deployed = connection.sql("SELECT rule, creator, resource_type FROM deployed ORDER BY deployment")
    return deployed.df().astype("object"), places.df().astype("str")


def _dimensions(
    connection: duckdb.DuckDBPyConnection, directory: Directory, policy: ReconciliationPolicy
) -> dict[str, pa.Table]:
    """Return the tables by which accounts, regions, deployed rules and tag sets are known.

    Accounts and regions that evaluations speak of keep the numbers of the index.
    """
    evidence = directory.evidence
    number = _numbers(connection, "seen_account ORDER BY account", directory.accounts)
    regions = _numbers(connection, "seen_region ORDER BY region", directory.regions)
    chains = {chain: n for n, chain in enumerate(sorted(set(directory.chains.values()), key=sorted))}
    chain_of = {account: chains[chain] for account, chain in directory.chains.items()}
    kinds = directory.kind_table(policy)
    kinds["several"] = kinds.kind.duplicated(keep=False)
    return {
        "account": _table([(n, account, chain_of.get(account)) for account, n in number.items()],
                          account=_INT, id=_TEXT, chain=_INT),
        "chain_place": _table([(n, unit) for chain, n in chains.items() for unit in chain],
                              chain=_INT, place=_TEXT),
        "region": _table([(regions[name], name, 1 << bit) for bit, name in enumerate(directory.regions)],
                         number=_INT, region=_TEXT, bit=pa.int64()),
        "place": _typed(evidence.places, account=_TEXT, region=_TEXT, fresh=_BOOL, reason=_TEXT,
                        needed=_BOOL),
        "deployment": _typed(kinds.rename_axis("deployment").reset_index(), deployment=_INT, rule=_TEXT,
                             resource_type=_TEXT, kind=_INT, is_global=_BOOL, sound=_BOOL, several=_BOOL),
        "service": _table([(one, service_of(one)) for one in sorted(set(kinds.resource_type))],
                          resource_type=_TEXT, service=_TEXT),
        "tag_set": _typed(evidence.tag_sets, tag_set=_INT, key=_TEXT, value=_TEXT),
    }  # fmt: skip


_INT, _TEXT, _BOOL = pa.int32(), pa.string(), pa.bool_()


def _numbers(connection: duckdb.DuckDBPyConnection, table: str, names: list[str]) -> dict[str, int]:
    """Return the number of each name: that of the index, others behind them."""
    told = [row[1] for row in connection.execute(f"FROM {table}").fetchall()]
    return {name: number for number, name in enumerate([*told, *sorted(set(names) - set(told))])}


def _table(rows: list[tuple[Any, ...]], **types: pa.DataType) -> pa.Table:
    """Return rows as a table of these columns."""
    values = zip(*rows, strict=True) if rows else ((),) * len(types)
    arrays = [pa.array(one, kind) for one, kind in zip(values, types.values(), strict=True)]
    return pa.table(dict(zip(types, arrays, strict=True)))


def _typed(frame: pd.DataFrame, **types: pa.DataType) -> pa.Table:
    """Return these columns of a frame as a table."""
    schema = pa.schema(list(types.items()))
    return pa.Table.from_pandas(frame[list(types)], schema=schema, preserve_index=False)
