"""Bulk load of a canonical batch: COPY into staging, then a few set-based statements in one transaction.

Loading is idempotent for what a record says and when: a batch that was loaded before, in whole, in part,
reordered or overlapping, adds nothing. The caller owns the transaction; nothing is visible before it commits.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
from sqlalchemy import Connection, text

from governance import resources
from governance.register.request import BATCH_COLUMNS

_STAGED = tuple(column for column in BATCH_COLUMNS if column != "locator")

ANALYZED_FROM = 500
"""A load with so many news refreshes the planner's statistics: the first big one would go without any."""


@dataclass(frozen=True)
class LoadCounts:
    """Records (not observations) that brought news, and records that brought none."""

    loaded: int
    unchanged: int


def load(
    connection: Connection, batch: pd.DataFrame, *, source: str, run_id: int, known_at: datetime
) -> LoadCounts:
    """Load a canonical batch (columns: `request.BATCH_COLUMNS`) of `source` into the register.

    `known_at` is the recorded time of everything written. Two loads of one source wait for each other.
    """
    if batch.empty:
        return LoadCounts(0, 0)
    parameters: dict[str, Any] = {"source": source, "run_id": run_id, "known_at": known_at}
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:source))"), {"source": f"load {source}"})
    connection.execute(text(resources.sql("register/stage.sql")))
    copy_frame(connection, batch[list(_STAGED)], "stage")
    _run(connection, "new_requests", parameters)
    _run(connection, "observed", parameters)
    append_block(connection, "new_events", parameters)
    counts = connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE news), count(*) FILTER (WHERE NOT news) "
            "FROM (SELECT bool_or(is_news) AS news FROM observed GROUP BY record_no) q"
        )
    ).one()
    connection.execute(text("DROP TABLE stage, observed"))
    if counts[0] >= ANALYZED_FROM:
        connection.execute(text("ANALYZE request, request_event"))
    return LoadCounts(int(counts[0]), int(counts[1]))


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
    buffer = io.BytesIO()
    options = pyarrow.csv.WriteOptions(include_header=False)
    pyarrow.csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), buffer, options)
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 (a live SQLAlchemy connection always has one)
    columns = ", ".join(f'"{column}"' for column in frame.columns)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)") as copy:
        copy.write(buffer.getbuffer())


def _run(connection: Connection, statement: str, parameters: dict[str, Any]) -> int:
    query = text(resources.sql(f"register/{statement}.sql"))
    known = {name: value for name, value in parameters.items() if f":{name}" in query.text}
    return int(connection.execute(query, known).rowcount)
