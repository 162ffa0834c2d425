"""A pull in parts: records as they came and the rows they were mapped to; on disk where there are many."""

from __future__ import annotations

import pickle
import tempfile
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import IO

import pandas as pd
import pyarrow as pa

from governance.intake.blocks import RECORDS, SMALLEST, Block, Mapped, at
from governance.intake.records import Record, raw_hash
from governance.register.events import RAW_AS_STORED, SAID_BY_RAW, told
from governance.spool import Spool


def in_parts(drawn: Iterable[Record | Block]) -> Iterator[Sequence[Record]]:
    """Yield the records in parts of at most RECORDS; large blocks are parts of their own."""
    some: list[Record] = []
    for one in drawn:
        if not isinstance(one, Block):
            some.append(one)
        elif len(one) < SMALLEST:
            some += one
        else:
            if some:
                yield some
                some = []
            yield one
        if len(some) >= RECORDS:
            yield some[:RECORDS]
            some = some[RECORDS:]
    if some:
        yield some


_AHEAD = 1
"""Parts that wait to be written, beside the one that is being written."""


@dataclass(frozen=True)
class Part:
    """Records that follow each other, and their rows of the canonical batch; read when they are asked for."""

    first: int
    """Number of the first record."""
    records: Callable[[], Sequence[Record]]
    rows: Callable[[], pa.Table]


@dataclass
class Parts:
    """All parts of one pull, in order. The newest is in memory; those before it in files without a name.

    What a block will say in the history is written here at once, on another thread, while the next is mapped;
    unless that can wait.
    """

    can_wait: bool = False
    """Nothing of the source was ever loaded, and what its records say follows from their raw form."""

    pulled: int = 0
    """How many records."""
    rows: int = 0
    """How many rows of the canonical batch."""
    dismissed: list[Record] = field(default_factory=list)
    """Records that are no requests at all."""
    with_evidence: list[Record] = field(default_factory=list)
    """Records that came with files."""
    _rows: Spool = field(default_factory=Spool)
    _coming: deque[Future[None]] = field(default_factory=deque)
    _pool: ThreadPoolExecutor | None = None
    _made: list[tuple[int, Callable[[], Sequence[Record]]]] = field(default_factory=list)
    _newest: Sequence[Record] = ()
    _file: IO[bytes] | None = None

    def add(self, records: Sequence[Record], rows: pd.DataFrame) -> None:
        """Take the next part."""
        table = pa.Table.from_pandas(rows, preserve_index=False)
        if isinstance(records, Block):
            table = table.replace_schema_metadata(RAW_AS_STORED | (SAID_BY_RAW if self.can_wait else {}))
            made = partial(_of_block, self.tables, len(self._made))
        else:
            self.dismissed += [record for record in records if record.dismissed]
            self.with_evidence += [record for record in records if record.evidence]
            made = partial(self._of, len(self._made))
        self._lay_down()
        self._newest = () if isinstance(records, Block) else records
        self._made.append((self.pulled, made))
        self._keep(table, ahead=isinstance(records, Block))
        self.pulled += len(records)
        self.rows += table.num_rows

    def __iter__(self) -> Iterator[Part]:
        """Yield the parts."""
        tables = self.tables()
        for place, (first, records) in enumerate(self._made):
            yield Part(first, records, partial(tables.__getitem__, place))

    def tables(self) -> Spool:
        """Return the rows of all parts, one table each."""
        while self._coming:
            self._coming.popleft().result()
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        return self._rows

    def _keep(self, table: pa.Table, *, ahead: bool) -> None:
        if not ahead and self._pool is None:
            self._rows.add(table)
            return
        self._pool = self._pool or ThreadPoolExecutor(1)
        while len(self._coming) > _AHEAD:
            self._coming.popleft().result()
        self._coming.append(self._pool.submit(self._put, table))

    def _put(self, table: pa.Table) -> None:
        self._rows.add(table if self.can_wait else told(None, table))

    def hashes(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """Return the hash of the raw form of the records with these numbers."""
        wanted = sorted(set(numbers))
        found: dict[int, bytes] = {}
        for part in self if wanted else ():
            records = part.records()
            ends = (bisect_left(wanted, end) for end in (part.first, part.first + len(records)))
            here = wanted[slice(*ends)]
            some = at(records, [number - part.first for number in here])
            found |= {number: raw_hash(record.raw) for number, record in zip(here, some, strict=True)}
        return found

    def _of(self, place: int) -> Sequence[Record]:
        assert place == len(self._made) - 1  # noqa: S101 (an earlier part is laid down)
        return self._newest

    def _lay_down(self) -> None:
        if not self._newest:
            return
        file = self._file = self._file or tempfile.TemporaryFile()  # noqa: SIM115 (it goes with the parts)
        begin = file.seek(0, 2)
        told = [
            (one.locator, one.raw, one.problem, one.dismissed, one.evidence, one.context)
            for one in self._newest
        ]
        pickle.dump(told, file, protocol=pickle.HIGHEST_PROTOCOL)
        self._made[-1] = (self._made[-1][0], partial(_records, file, begin))


def _of_block(tables: Callable[[], Spool], place: int) -> Sequence[Record]:
    return Mapped(tables()[place])


def _records(file: IO[bytes], place: int) -> list[Record]:
    file.seek(place)
    return [Record(*told) for told in pickle.load(file)]  # noqa: S301 (this process wrote it)
