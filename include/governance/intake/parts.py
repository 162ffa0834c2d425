"""A pull in parts: records as they came and the rows they were mapped to; on disk where there are many."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import IO

import pandas as pd
import pyarrow as pa

from governance.intake.records import Record, raw_hash

RECORDS = 25_000
"""Records of one part: enough to work by columns, few enough to hold as objects."""


def in_parts(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Yield the records in lists of at most RECORDS."""
    drawn = iter(records)
    while part := list(islice(drawn, RECORDS)):
        yield part


@dataclass(frozen=True)
class Part:
    """Records that follow each other, and their rows of the canonical batch; read when they are asked for."""

    first: int
    """Number of the first record."""
    records: Callable[[], Sequence[Record]]
    rows: Callable[[], pa.Table]


@dataclass
class Parts:
    """All parts of one pull, in order. The newest is in memory; those before it in a file without a name."""

    pulled: int = 0
    """How many records."""
    rows: int = 0
    _laid_down: list[Part] = field(default_factory=list)
    _newest: Part | None = None
    _file: IO[bytes] | None = None

    def add(self, records: Sequence[Record], rows: pd.DataFrame) -> None:
        """Take the next part."""
        if self._newest is not None:
            self._laid_down.append(self._lay_down(self._newest))
        table = pa.Table.from_pandas(rows, preserve_index=False)
        self._newest = Part(self.pulled, lambda: records, lambda: table)
        self.pulled += len(records)
        self.rows += len(rows)

    def __iter__(self) -> Iterator[Part]:
        """Yield the parts."""
        yield from self._laid_down
        if self._newest is not None:
            yield self._newest

    def hashes(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """Return the hash of the raw form of the records with these numbers."""
        wanted = set(numbers)
        return {
            number: raw_hash(record.raw)
            for part in self
            for number, record in enumerate(part.records() if wanted else (), start=part.first)
            if number in wanted
        }

    def _lay_down(self, part: Part) -> Part:
        file = self._file = self._file or tempfile.TemporaryFile()  # noqa: SIM115 (it goes with the parts)
        begin = file.seek(0, 2)
        told = [(record.locator, record.raw, record.problem) for record in part.records()]
        pickle.dump(told, file, protocol=pickle.HIGHEST_PROTOCOL)
        middle = file.tell()
        rows = part.rows()
        with pa.ipc.new_stream(pa.PythonFile(file, "w"), rows.schema) as stream:
            stream.write_table(rows)
        return Part(part.first, partial(_records, file, begin), partial(_rows, file, middle))


def _records(file: IO[bytes], place: int) -> list[Record]:
    file.seek(place)
    return [Record(*told) for told in pickle.load(file)]  # noqa: S301 (this process wrote it)


def _rows(file: IO[bytes], place: int) -> pa.Table:
    file.seek(place)
    with pa.ipc.open_stream(pa.PythonFile(file, "r")) as stream:
        return stream.read_all()
