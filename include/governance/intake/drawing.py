"""Draw the raw values of a field from the rows of a source, whether they are objects or kept by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.intake.fields import FieldSource
from governance.intake.records import Raw

Drawn: TypeAlias = "Sequence[Any] | pa.Array"
"""Values of one column; an array (`large_string`) where all are text that can be stored, or missing."""


class Rows(Protocol):
    """Rows of a source, of which columns are drawn by name."""

    def __len__(self) -> int:
        """Return how many rows there are."""
        ...

    def held(self, column: str) -> Drawn:
        """Return what each row has in a column; None where it has none."""
        ...


@dataclass(frozen=True)
class Told:
    """Rows that are objects, each with columns of its own."""

    rows: Sequence[Raw]

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.rows)

    def held(self, column: str) -> Sequence[Any]:
        """Return what each row has in a column, or at the end of a path into nested records."""
        nested = "." in column
        return [_reach(row, column) if nested else row.get(column) for row in self.rows]


def draw(rows: Rows, source: FieldSource, nulls: frozenset[str]) -> Drawn:
    """Return the raw value of a field for each row: its first column that holds something, else None."""
    if source.constant is not None:
        return [source.constant] * len(rows)
    values: Drawn = [None] * len(rows)
    for place, column in enumerate(source.column):
        found = _held(rows.held(column), nulls)
        values = _first_of(values, found) if place else found
    return values if source.default is None else _first_of(values, [source.default] * len(rows))


def _first_of(values: Drawn, others: Drawn) -> Drawn:
    """For each row the value that is there, else the other one."""
    if isinstance(values, pa.Array) and isinstance(others, pa.Array):
        return pc.coalesce(values, others)
    pairs = zip(as_list(values), as_list(others), strict=True)
    return [other if value is None else value for value, other in pairs]


def as_list(values: Drawn) -> Sequence[Any]:
    """Return values as objects of Python."""
    return values.to_pylist() if isinstance(values, pa.Array) else values


def _held(values: Drawn, nulls: frozenset[str]) -> Drawn:
    """What one column holds, text without the space around it; None where that is nothing."""
    if isinstance(values, pa.Array):
        trimmed = values if _is_bare(values) else pc.utf8_trim_whitespace(values)
        longest = max((len(word.encode()) for word in nulls), default=-1)
        if not pc.any(pc.less_equal(pc.binary_length(trimmed), longest)).as_py():
            return trimmed
        nothing = pc.is_in(trimmed, pa.array(sorted(nulls), values.type))
        return pc.if_else(nothing, pa.scalar(None, values.type), trimmed)
    if set(map(type, values)) == {str}:
        return [None if text in nulls else text for text in map(str.strip, values)]
    return [_something(value, nulls) for value in values]


def _is_bare(texts: pa.Array) -> bool:
    """Tell whether no text can have space around it, by its first and last bytes; if in doubt, no."""
    _, places, data = texts.buffers()
    if data is None or not data.size:
        return True
    ends = np.frombuffer(places, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    some = ends[1:] > ends[:-1]
    held = np.frombuffer(data, np.uint8)
    return all(bool(_VISIBLE[held[edge]].all()) for edge in (ends[:-1][some], ends[1:][some] - 1))


_VISIBLE = (np.arange(256) > ord(" ")) & (np.arange(256) < ord("\x7f"))


def _something(value: Any, nulls: frozenset[str]) -> Any:
    if isinstance(value, str):
        value = value.strip()
        return None if value in nulls else value
    return None if value in ([], {}) else value


def _reach(row: Raw, column: str) -> Any:
    """A column by its whole name, or a path into nested records."""
    if column in row or "." not in column:
        return row.get(column)
    value: Any = row
    for part in column.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
