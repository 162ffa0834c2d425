"""Records that are alike, kept by column: what makes a large file quick to read and to map."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from governance.intake.records import Pull, Reader, Record

if TYPE_CHECKING:
    import pyarrow as pa

RECORDS = 25_000
"""Records of one part of a pull: enough to work by columns, few enough to hold as objects."""
SMALLEST = 1000
"""A block of fewer records is not worth its trouble: they are taken one by one."""


class Kept(Sequence[Record]):
    """Records that are made when somebody asks for them. A subclass says how: `some` and `__len__`."""

    def some(self, places: Sequence[int]) -> list[Record]:
        """Return the records at these places, made together."""
        raise NotImplementedError

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> list[Record]: ...
    def __getitem__(self, place: int | slice) -> Record | list[Record]:
        """Return one record, or some of them."""
        if isinstance(place, slice):
            return self.some(range(*place.indices(len(self))))
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        return self.some(range(place % len(self), place % len(self) + 1))[0]

    def __iter__(self) -> Iterator[Record]:
        """Yield the records, some of them made together."""
        for begin in range(0, len(self), SMALLEST):
            yield from self.some(range(begin, min(begin + SMALLEST, len(self))))


@dataclass(frozen=True)
class Block(Kept):
    """Rows of one file that have the same columns, all of them text that can be stored as it is."""

    file: str
    lines: Sequence[int]
    """On which line each begins."""
    cells: Mapping[str, pa.Array]
    """By column, as `large_string`; nothing is missing."""

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.lines)

    def some(self, places: Sequence[int]) -> list[Record]:
        """Return the records at these places, made together."""
        import pyarrow as pa  # noqa: PLC0415 (not for a poll in vain)

        chosen = pa.array(places, pa.int64())
        cells = [values.take(chosen).to_pylist() for values in self.cells.values()]
        raws = [dict(zip(self.cells, row, strict=True)) for row in zip(*cells, strict=True)]
        return [
            Record(f"{self.file}:{self.lines[place]}", raw) for place, raw in zip(places, raws, strict=True)
        ]

    def locators(self) -> pa.Array:
        """Return where a person finds each record."""
        import pyarrow as pa  # noqa: PLC0415 (not for a poll in vain)

        from governance.register.canonical import TEXT, joined  # noqa: PLC0415

        return joined(f"{self.file}:", pa.array(self.lines, pa.int64()).cast(TEXT))

    @cached_property
    def raw_texts(self) -> pa.Array:
        """The records as JSON text, as PostgreSQL writes it."""
        from governance.register.canonical import flat_object, strings  # noqa: PLC0415 (not for a poll in vain)

        return flat_object({name: strings(cells) for name, cells in self.cells.items()}, len(self))


@dataclass(frozen=True)
class Mapped(Kept):
    """Records of a block of which only what they were mapped to was kept: locator and raw record."""

    rows: pa.Table

    def __len__(self) -> int:
        """Return how many records there are."""
        return int(self.rows.num_rows)

    def some(self, places: Sequence[int]) -> list[Record]:
        """Return the records at these places, made together."""
        import pyarrow as pa  # noqa: PLC0415 (not for a poll in vain)

        chosen = self.rows.select(["locator", "raw"]).take(pa.array(places, pa.int64())).to_pylist()
        return [Record(row["locator"], json.loads(row["raw"])) for row in chosen]


def at(records: Sequence[Record], places: Sequence[int]) -> list[Record]:
    """Return the records at these places, made together where they are made when asked for."""
    return records.some(places) if isinstance(records, Kept) else [records[place] for place in places]


def drawn(reader: Reader, pull: Pull, cursor: dict[str, Any] | None) -> Iterator[Record | Block]:
    """Draw the records of a source; in blocks where its reader knows how."""
    blocks: Callable[..., Iterator[Record | Block]] | None = getattr(reader, "blocks", None)
    return iter(reader.records(pull, cursor)) if blocks is None else blocks(pull, cursor)


def one_by_one(drawn: Iterable[Record | Block]) -> Iterator[Record]:
    """Yield the records of blocks and those between them."""
    for one in drawn:
        if isinstance(one, Block):
            yield from one
        else:
            yield one
