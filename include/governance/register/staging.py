"""A canonical batch in tables, as large ones are kept, and the rows of it that are to be loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from governance.register import events
from governance.register.canonical import as_text
from governance.spool import Spool


@dataclass(frozen=True)
class Batch:
    """Tables of a canonical batch, to be read as often as needed, less the records that are kept back.

    Those that come from `events.told` are taken as they are.
    """

    tables: Sequence[pa.Table] | Spool
    kept_back: pa.Array
    """Numbers of records."""

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Batch:
        """Return a frame (columns: `request.BATCH_COLUMNS`) as a batch of which nothing is kept back."""
        return cls([pa.Table.from_pandas(frame, preserve_index=False)], pa.array([], pa.int64()))

    def staged(self, connection: Connection, *, anew: bool = False) -> Staged:
        """Return the batch with every table told; `anew`: with none, where all of them can wait."""
        ready = events.can_wait if anew else events.is_told
        if all(ready(table) for table in self.tables):
            return Staged(self.tables, self.kept_back)
        told = Spool()
        for table in self.tables:
            left = table if events.is_told(table) else table.filter(self._wanted(table))
            if left.num_rows:
                told.add(events.told(connection, left))
        return Staged(told, self.kept_back)

    def _wanted(self, table: pa.Table) -> pa.ChunkedArray:
        return pc.invert(pc.is_in(table["record_no"], self.kept_back))


class Staged(Batch):
    """A batch of which every table is told, or none.

    A row is known by its place among all rows of the tables.
    """

    @property
    def waits(self) -> bool:
        """Tell whether what its rows say is told when it is asked for."""
        return any(not events.is_told(table) for table in self.tables)

    def places(self) -> np.ndarray:
        """Return the places of the rows that are to be loaded."""
        wanted = [self._wanted(table).to_numpy() for table in self.tables]
        return np.flatnonzero(np.concatenate(wanted)) if wanted else np.empty(0, np.int64)

    def filled(self, columns: Sequence[str]) -> list[str]:
        """Return those columns that hold something in some row."""
        left = list(columns)
        found: set[str] = set()
        for table in self.tables:
            found.update(name for name in left if table[name].null_count < table.num_rows)
            left = [name for name in left if name not in found]
        return [name for name in columns if name in found]

    def parts(self, chosen: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[pa.Table, pd.DataFrame]]:
        """Yield of every table some columns of the chosen rows, and what is known of these.

        `chosen` is indexed by place.
        """
        for table, places, here in self._each(chosen):
            yield _taken(table.select(columns), places), here

    def told(self, chosen: pd.DataFrame, most: int) -> Iterator[tuple[pa.Table, pd.DataFrame]]:
        """Yield at most so many rows at once, with the columns `events.SAID`; what could wait is told now."""
        for table, places, here in self._each(chosen):
            is_told = events.is_told(table)
            says = table.select(events.SAID if is_told else events.SAYS)
            for begin in range(0, len(here), most):
                some = _taken(says, places[begin : begin + most])
                told = some if is_told else events.told(None, some).select(events.SAID)
                yield told, here.iloc[begin : begin + most]

    def fingerprints(self, chosen: pd.DataFrame) -> Iterator[pa.Array]:
        """Yield of every table what tells apart what the chosen rows say."""
        for table, places, _ in self._each(chosen):
            column = "content" if events.is_told(table) else "raw"
            found = _taken(table.select([column]), places)[column]
            yield found.combine_chunks() if column == "content" else events.hashed(as_text(found))

    def _each(self, chosen: pd.DataFrame) -> Iterator[tuple[pa.Table, np.ndarray, pd.DataFrame]]:
        begin, chosen = 0, chosen.sort_index()
        for table in self.tables:
            ends = np.searchsorted(chosen.index.to_numpy(), [begin, begin + table.num_rows])
            here = chosen.iloc[slice(*ends)]
            if len(here):
                yield table, here.index.to_numpy() - begin, here
            begin += table.num_rows


def _taken(table: pa.Table, rows: np.ndarray) -> pa.Table:
    return table if len(rows) == table.num_rows else table.take(pa.array(rows))
