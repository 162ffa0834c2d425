"""Where the index of a snapshot is read from: its files, or tables that were just built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from governance import evaluation_index
from governance.reconciliation.matching.arrays import Array


class Source(Protocol):
    """Reads columns of a table, its rows in the order that the index gives them."""

    def table(self, name: str, *columns: str) -> pa.Table:
        """Return columns; text is large text, of any size."""


@dataclass(frozen=True)
class Files:
    """The files of an index, by table."""

    files: Mapping[str, Path]

    def table(self, name: str, *columns: str) -> pa.Table:
        """Return columns; text is large text, of any size."""
        # to become ordinary text it would grow by copying itself, time and again into new memory
        with pq.ParquetFile(self.files[name], binary_type=pa.large_binary()) as file:
            return file.read(columns=list(columns), use_threads=False)


@dataclass(frozen=True)
class Tables:
    """The tables of an index in a database."""

    connection: duckdb.DuckDBPyConnection

    def table(self, name: str, *columns: str) -> pa.Table:
        """Return columns; text is large text, of any size."""
        rows = f"SELECT {', '.join(columns)} FROM {name} ORDER BY {evaluation_index.TABLES[name]}"  # noqa: S608
        found = self.connection.sql(rows).to_arrow_table()
        is_text = pa.types.is_string
        types = [(one.name, pa.large_string() if is_text(one.type) else one.type) for one in found.schema]
        return found.cast(pa.schema(types))


def arrays(source: Source, name: str, *columns: str) -> dict[str, Array]:
    """Return columns of numbers; a missing one becomes -1."""
    table = source.table(name, *columns)
    return {column: _array(whole(table[column])) for column in columns}


def whole(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array, the same memory where it is in one piece."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _array(column: pa.Array) -> Array:
    filled = column.fill_null(-1) if column.null_count else column
    found: Array = filled.to_numpy(zero_copy_only=False)
    return found
