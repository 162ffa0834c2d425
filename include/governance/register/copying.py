"""COPY: how many rows reach PostgreSQL at once."""

from __future__ import annotations

import io
import select
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.csv
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_TOGETHER = 20_000
"""Rows that are written as text together."""
_AHEAD = 4
"""Pieces that are written before PostgreSQL takes them: some take longer to write than others."""
_PIECE = 1 << 17
"""Bytes that are handed over at once."""


def copy_frame(connection: Connection, frame: pd.DataFrame, table: str) -> None:
    """COPY a frame into a table with the same column names. Missing values become NULL, '' stays ''."""
    copy_table(connection, pa.Table.from_pandas(frame, preserve_index=False), table)


def copy_table(connection: Connection, rows: pa.Table, table: str) -> None:
    """COPY rows into a table with the same column names. NULL stays NULL, '' stays ''."""
    columns = ", ".join(f'"{column}"' for column in rows.column_names)
    with _copying(connection, f"COPY {table} ({columns}) FROM STDIN (FORMAT csv)") as copy:
        for some in ahead(_as_csv(rows)):
            _write(copy, some)


def _as_csv(rows: pa.Table) -> Iterator[memoryview]:
    options = pyarrow.csv.WriteOptions(include_header=False)
    for begin in range(0, len(rows), _TOGETHER):
        buffer = io.BytesIO()
        pyarrow.csv.write_csv(rows.slice(begin, _TOGETHER), buffer, options)
        yield buffer.getbuffer()


def ahead(rows: Iterator[memoryview]) -> Iterator[memoryview]:
    """Yield while the next are written: PostgreSQL reads, this process writes."""
    with ThreadPoolExecutor(1) as pool:
        coming = deque(pool.submit(next, rows, None) for _ in range(_AHEAD))
        while (ready := coming.popleft().result()) is not None:
            coming.append(pool.submit(next, rows, None))
            yield ready


def copy_rows(connection: Connection, table: str, columns: Iterable[str], rows: Iterable[memoryview]) -> None:
    """COPY rows that are written already, by `packed.rows`; each item holds whole rows."""
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
    with _copying(connection, statement) as copy:
        _write(copy, memoryview(_BEGIN))
        for some in ahead(iter(rows)):
            _write(copy, some)
        _write(copy, memoryview(_END))


_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"


def _write(copy: Any, data: memoryview) -> None:
    """Hand over data and wait until it is sent.

    What the client holds back it moves to the front of its buffer again and again, so it is to hold nothing.
    """
    client = copy.connection.pgconn
    for begin in range(0, len(data), _PIECE):
        copy.write(data[begin : begin + _PIECE])
        if client.flush():
            _wait(client)


def _wait(client: Any) -> None:
    waiting = select.poll()
    waiting.register(client.socket, select.POLLIN | select.POLLOUT)
    while client.flush():
        for _, event in waiting.poll():
            if event & ~select.POLLOUT:
                client.consume_input()


@contextmanager
def _copying(connection: Connection, statement: str) -> Iterator[Any]:
    """Open a COPY; what PostgreSQL refuses is raised as SQLAlchemy raises it for any other statement."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 (a live SQLAlchemy connection always has one)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            yield copy
    except psycopg.Error as error:
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, dialect=connection.dialect
        ) from error
