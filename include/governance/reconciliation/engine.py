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
from governance.reconciliation.directory import EVERYWHERE, Directory
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.policy import ReconciliationPolicy
from governance.reconciliation.scopes import Compiled, compile_scopes

MEMORY = "1GB"
"""What the join may take unless told otherwise."""

QUESTIONS = (
    "places", "collapsed", "targets", "tag_fits", "reaches", "cell_matches", "named", "picks", "row_matches",
    "outcomes",
)  # fmt: skip


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
    directory = Directory(evidence, *_seen(connection))
    compiled = compile_scopes(exceptions, directory)
    for name, rows in {**_dimensions(connection, directory, policy), **compiled.tables()}.items():
        store(connection, name, rows)
    tags = "*" if evidence.tags_are_known else "* REPLACE (NULL::INTEGER AS tag_set)"
    connection.execute(f"CREATE VIEW tagged AS SELECT {tags} FROM resource")  # noqa: S608 (two words of ours)
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


def deviations(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the non-compliant items that nobody approved, in the order of account, kind, region, resource.

    Columns: account, region, kind, rule (as deployed), resource_id, expired.
    """
    found = answer(connection, "deviations")
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


def _seen(connection: duckdb.DuckDBPyConnection) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what evaluations speak of: rule, creator, resource_type in order; and account, region."""
    places = connection.sql(
        "SELECT a.id AS account, g.name AS region FROM seen_place JOIN seen_account a USING (account)"
        " JOIN seen_region g USING (region) ORDER BY ALL"
    )
    deployed = connection.sql("SELECT rule, creator, resource_type FROM deployed ORDER BY deployment")
    return deployed.df().astype("object"), places.df().astype("str")


def _dimensions(
    connection: duckdb.DuckDBPyConnection, directory: Directory, policy: ReconciliationPolicy
) -> dict[str, pd.DataFrame]:
    """Return the tables by which accounts, regions, deployed rules and tag sets are known.

    Accounts and regions that evaluations speak of keep the numbers of the index.
    """
    evidence = directory.evidence
    number = _numbers(connection, "seen_account ORDER BY account", directory.accounts)
    regions = _numbers(connection, "seen_region ORDER BY region", directory.regions)
    places = [
        (number[account], place)
        for account in directory.accounts
        for place in sorted({account, EVERYWHERE} | directory.chains.get(account, frozenset()))
    ]
    kinds = directory.kind_table(policy)
    return {
        "account": _frame(sorted((n, a) for a, n in number.items()), account="int32", id="str"),
        "account_place": _frame(places, account="int32", place="str"),
        "region": _frame([(regions[name], name, 1 << bit) for bit, name in enumerate(directory.regions)],
                         number="int32", region="str", bit="int64"),
        "place": evidence.places.astype({"account": "str", "region": "str", "reason": "str"}),
        "deployment": kinds.assign(several=kinds.kind.duplicated(keep=False)).rename_axis("deployment")
        .reset_index().astype({"deployment": "int32", "kind": "int32", "rule": "str", "creator": "str",
                               "is_global": "bool", "sound": "bool", "several": "bool"}),
        "service": _frame([(one, service_of(one)) for one in sorted(set(kinds.resource_type))],
                          resource_type="str", service="str"),
        "tag_set": evidence.tag_sets.astype({"tag_set": "int32", "key": "str", "value": "str"}),
    }  # fmt: skip


def _numbers(connection: duckdb.DuckDBPyConnection, table: str, names: list[str]) -> dict[str, int]:
    """Return the number of each name: that of the index, others behind them."""
    seen = [row[1] for row in connection.execute(f"FROM {table}").fetchall()]
    return {name: number for number, name in enumerate([*seen, *sorted(set(names) - set(seen))])}


def _frame(rows: list[tuple[Any, ...]], **types: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(types)).astype(types)
