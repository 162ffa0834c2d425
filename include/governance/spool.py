"""Tables that follow each other, kept on disk once there is more than one: a file without a name."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

import pyarrow as pa


@dataclass
class Spool:
    """Arrow tables in the order in which they were added, to be read as often as needed.

    The newest is in memory, those before it in a file that goes with this object; of these only the columns
    that are looked at are read. `rows`: of all of them.
    """

    rows: int = 0
    _places: list[tuple[int, int]] = field(default_factory=list)
    _newest: pa.Table | None = None
    _file: IO[bytes] | None = None

    def add(self, table: pa.Table) -> None:
        """Take the next table."""
        if self._newest is not None:
            self._lay_down(self._newest)
        self._newest = table
        self.rows += table.num_rows

    def __len__(self) -> int:
        """Return how many tables there are."""
        return len(self._places) + (self._newest is not None)

    def __getitem__(self, position: int) -> pa.Table:
        """Return one table."""
        if position < len(self._places):
            return self._read(*self._places[position])
        if self._newest is None or position > len(self._places):
            raise IndexError(position)
        return self._newest

    def __iter__(self) -> Iterator[pa.Table]:
        """Yield the tables."""
        yield from (self[position] for position in range(len(self)))

    def _lay_down(self, table: pa.Table) -> None:
        file = self._file = self._file or tempfile.TemporaryFile()  # noqa: SIM115 (it goes with the spool)
        place = -(-file.seek(0, 2) // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        file.seek(place)
        with pa.ipc.new_stream(pa.PythonFile(file, "w"), table.schema) as stream:
            stream.write_table(table)
        file.flush()
        self._places.append((place, file.tell() - place))

    def _read(self, place: int, size: int) -> pa.Table:
        assert self._file is not None  # noqa: S101 (there is a place, so there is a file)
        held = mmap.mmap(self._file.fileno(), size, access=mmap.ACCESS_READ, offset=place)
        with pa.ipc.open_stream(pa.BufferReader(pa.py_buffer(held))) as stream:
            return stream.read_all()
