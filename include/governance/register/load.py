"""Bulk load of a canonical batch: COPY into staging, then a few set-based statements in one transaction.

Loading is idempotent for what a record says and when: a batch that was loaded before, in whole, in part,
reordered or overlapping, adds nothing. The caller owns the transaction; nothing is visible before it commits.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
from sqlalchemy import Connection, text

from governance import resources
from governance.register.request import BATCH_COLUMNS, STATE_FIELDS

_STAGED = tuple(column for column in BATCH_COLUMNS if column != "locator")

_COPIED = 20_000
"""Rows that are written as text together."""

ANALYZED_FROM = 500
"""A load with so many news refreshes the planner's statistics: the first big one would go without any."""


@dataclass(frozen=True)
class LoadCounts:
    """Records (not observations) that brought news, and records that brought none."""

    loaded: int
    unchanged: int


def load(
    connection: Connection,
    batch: pd.DataFrame | Iterable[pa.Table],
    *,
    source: str,
    run_id: int,
    known_at: datetime,
) -> LoadCounts:
    """Load a canonical batch (columns: `request.BATCH_COLUMNS`) of `source` into the register.

    A large one may come in parts. `known_at` is the recorded time of everything written. Two loads of one
    source wait for each other.
    """
    parameters: dict[str, Any] = {"source": source, "run_id": run_id, "known_at": known_at}
    parts: Iterable[pa.Table] = (
        [pa.Table.from_pandas(batch, preserve_index=False)] if isinstance(batch, pd.DataFrame) else batch
    )
    if not _stage(connection, (part for part in parts if part.num_rows), source):
        return LoadCounts(0, 0)
    _run(connection, "new_requests", parameters)
    _run(connection, "observed", parameters)
    _run(connection, "news", parameters)
    append_block(connection, "new_events", parameters)
    counts = connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE news), count(*) FILTER (WHERE NOT news) "
            "FROM (SELECT bool_or(is_news) AS news FROM news GROUP BY record_no) q"
        )
    ).one()
    connection.execute(text("DROP TABLE stage, observed, news"))
    if counts[0] >= ANALYZED_FROM:
        connection.execute(text("ANALYZE request, request_event"))
    return LoadCounts(int(counts[0]), int(counts[1]))


def _stage(connection: Connection, parts: Iterable[pa.Table], source: str) -> bool:
    """Copy what there is into the staging table; return whether there was anything.

    Fields in which nothing stands are left out of it: the state of an event is built of those that are there.
    """
    filled: set[str] = set()
    for part in parts:
        if not filled:
            lock = text("SELECT pg_advisory_xact_lock(hashtext(:source))")
            connection.execute(lock, {"source": f"load {source}"})
            connection.execute(text(resources.sql("register/stage.sql")))
        columns = [name for name in _STAGED if part[name].null_count < len(part)]
        copy_table(connection, part.select(columns), "stage")
        filled.update(columns)
    empty = [f"DROP COLUMN {name}" for name in STATE_FIELDS if name not in filled]
    if filled and empty:
        connection.execute(text(f"ALTER TABLE stage {', '.join(empty)}"))
    return bool(filled)


def append_block(connection: Connection, statement: str, parameters: dict[str, Any]) -> None:
    """Run an event-inserting statement of `sql/register/` and seal what it wrote as the next block.

    The lock is held until the transaction ends, so the chain has one writer at a time.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('governance.history'))"))
    block = connection.scalar(text("SELECT coalesce(max(block), 0) + 1 FROM history_block"))
    in_block = {**parameters, "block": block}
    if _run(connection, statement, in_block):
        _run(connection, "refresh_requests", in_block)
        _run(connection, "seal_block", in_block)


def copy_frame(connection: Connection, frame: pd.DataFrame, table: str) -> None:
    """COPY a frame into a table with the same column names. Missing values become NULL, '' stays ''."""
    copy_table(connection, pa.Table.from_pandas(frame, preserve_index=False), table)


def copy_table(connection: Connection, rows: pa.Table, table: str) -> None:
    """COPY rows into a table with the same column names. NULL stays NULL, '' stays ''."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 (a live SQLAlchemy connection always has one)
    options = pyarrow.csv.WriteOptions(include_header=False)
    columns = ", ".join(f'"{column}"' for column in rows.column_names)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)") as copy:
        for begin in range(0, len(rows), _COPIED):
            buffer = io.BytesIO()
            pyarrow.csv.write_csv(rows.slice(begin, _COPIED), buffer, options)
            copy.write(buffer.getbuffer())


def _run(connection: Connection, statement: str, parameters: dict[str, Any]) -> int:
    query = text(resources.sql(f"register/{statement}.sql"))
    known = {name: value for name, value in parameters.items() if f":{name}" in query.text}
    return int(connection.execute(query, known).rowcount)
