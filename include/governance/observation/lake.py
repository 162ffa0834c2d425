"""The lake: a folder or an S3 prefix. Files appear whole or not at all."""

from __future__ import annotations

import io
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

ROWS_PER_GROUP = 122_880
"""Rows of one Parquet row group: what DuckDB hands to one thread."""


class Lake:
    """Read and write below one location. `options` go to the fsspec filesystem (credentials, endpoint)."""

    def __init__(self, location: str, **options: Any) -> None:
        self.location = location.rstrip("/")
        self.is_local = "://" not in location
        self._fs: Any = None if self.is_local else fsspec.core.url_to_fs(location, **options)[0]

    def write(self, path: str, content: bytes) -> str:
        """Write a file at once and return its sha256 in hex. A killed writer leaves no file of that name."""
        target = f"{self.location}/{path}"
        if self.is_local:
            _replace(Path(target), content)
        else:
            self._fs.pipe_file(target, content)  # an S3 object appears only when its upload is complete
        return sha256(content).hexdigest()

    def write_table(self, path: str, table: pa.Table) -> str:
        """Write a table as Parquet (zstd): the same rows give the same bytes. Returns the sha256 in hex."""
        buffer = io.BytesIO()
        pq.write_table(table, buffer, compression="zstd", row_group_size=ROWS_PER_GROUP)
        return self.write(path, buffer.getvalue())

    def read_table(self, path: str) -> pa.Table:
        """Return the table of one file; raises FileNotFoundError where it is absent."""
        return pq.read_table(io.BytesIO(self.read(path)))

    def read(self, path: str) -> bytes:
        """Return the bytes of one file; raises FileNotFoundError where it is absent."""
        target = f"{self.location}/{path}"
        content: bytes = Path(target).read_bytes() if self.is_local else self._fs.cat_file(target)
        return content


def _replace(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
