"""Schema drift: columns that are new, missing or of another type than in the run before, by name.

The shape of the records is kept with every run, so each change is told once. What a record may leave out
(an optional key of JSON) is not missed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import Field

from governance.documents import Document
from governance.intake.records import Raw

SAMPLE = 1000
"""So many records are looked at, at most, evenly spread over the pull."""
ENOUGH = 5
"""Records or values needed to say what is usual."""
ENOUGH_DIGITS = 20
"""Texts needed to say that a column holds nothing but digits."""
Weight = Literal["note", "hold"]


class DriftLimits(Document):
    """What a change of columns means: `note` shows it on the scorecard, `hold` keeps the batch out."""

    new: Weight = Field(default="note", description="A column that was not there before")
    missing: Weight = Field(default="hold", description="A mapped column that every record had before")
    retyped: Weight = Field(default="note", description="A column whose values are of another type")


@dataclass(frozen=True)
class Shape:
    """What is known of a column: `always` says that every record had it, `values` how many held something."""

    type: str
    values: int
    always: bool


Shapes = dict[str, Shape]


@dataclass(frozen=True)
class Drift:
    """One change, with its words for a person."""

    column: str
    change: Literal["new", "missing", "retyped"]
    words: str
    weight: Weight


@dataclass
class Sample:
    """At most SAMPLE records, evenly spread over a pull that comes in parts.

    >>> sample = Sample()
    >>> for first in range(0, 5000, 1250): sample.add(range(first, first + 1250))
    >>> len(sample.records), sample.records[:3], sample.records[-1]
    (625, [0, 8, 16], 4992)
    """

    records: list[Any] = field(default_factory=list)
    _seen: int = 0
    _step: int = 1

    def add(self, part: Sequence[Any]) -> None:
        """Take of the next records every so many'th."""
        while (self._seen + len(part)) / self._step > SAMPLE:
            self.records = self.records[::2]
            self._step *= 2
        self.records += part[-self._seen % self._step :: self._step]
        self._seen += len(part)


def observe(rows: Sequence[Raw], nulls: Collection[str] = ()) -> Shapes:
    """Return the shape of every column of these rows.

    >>> observe([{"n": 1, "t": "a"}, {"n": 2, "t": ""}])["t"]
    Shape(type='text', values=1, always=True)
    """
    types: dict[str, list[str]] = {}
    present: dict[str, int] = {}
    for row in rows:
        for column, value in row.items():
            present[column] = present.get(column, 0) + 1
            kind = _type(value, nulls)
            types.setdefault(column, []).extend([kind] if kind else [])
    return {
        column: Shape(_common(types[column]), len(types[column]), present[column] == len(rows))
        for column in sorted(types)
    }


def _type(value: Any, nulls: Collection[str]) -> str:
    if isinstance(value, str):
        text = value.strip()
        return "" if not text or text in nulls else "digits" if text.isdecimal() else "text"
    if value is None or value in ([], {}):
        return ""
    names = {bool: "true or false", int: "number", float: "number", list: "list", dict: "object"}
    return names.get(type(value), "text")


def _common(found: Iterable[str]) -> str:
    types = set(found)
    if not types:
        return "nothing"
    if types == {"digits", "text"}:
        return "text"
    return types.pop() if len(types) == 1 else "several types"


def changes(
    before: Shapes, now: Shapes, mapped: Sequence[Collection[str]], limits: DriftLimits
) -> list[Drift]:
    """Return what changed between two runs. `mapped` are groups of columns of which a field needs one."""
    found = [
        Drift(column, "new", f"column {column!r} is new", limits.new)
        for column in now
        if column not in before
    ]
    for column, shape in before.items():
        if column in now:
            if _retyped(shape, now[column]):
                words = f"column {column!r} held {shape.type}, now {now[column].type}"
                found.append(Drift(column, "retyped", words, limits.retyped))
        elif shape.always:
            weight = limits.missing if _needed(column, now, mapped) else "note"
            found.append(Drift(column, "missing", f"column {column!r} is missing", weight))
    return found


def _retyped(before: Shape, now: Shape) -> bool:
    enough = ENOUGH_DIGITS if {before.type, now.type} == {"digits", "text"} else ENOUGH
    return before.type != now.type and min(before.values, now.values) >= enough


def _needed(column: str, now: Shapes, mapped: Sequence[Collection[str]]) -> bool:
    """Tell whether some field is drawn from this column, or inside it, and has no other left."""
    return any(
        any(_is_in(name, column) for name in group)
        and not any(_is_in(name, left) for name in group for left in now)
        for group in mapped
    )


def _is_in(name: str, column: str) -> bool:
    return name == column or name.startswith(f"{column}.")


def merged(before: Shapes, now: Shapes) -> Shapes:
    """Return what the next run is held against: today's columns, and optional ones of earlier days."""
    kept = {column: shape for column, shape in before.items() if column not in now and not shape.always}
    return {**kept, **{column: _together(before.get(column), shape) for column, shape in now.items()}}


def _together(before: Shape | None, now: Shape) -> Shape:
    if before is None:
        return now
    known = before if now.values < ENOUGH <= before.values else now
    return Shape(known.type, known.values, before.always and now.always)


def as_json(shapes: Shapes) -> dict[str, dict[str, Any]]:
    """Return what is kept with the run."""
    return {column: asdict(shape) for column, shape in shapes.items()}


def from_json(kept: dict[str, dict[str, Any]] | None) -> Shapes:
    """Return the shapes that a run kept."""
    return {column: Shape(**shape) for column, shape in (kept or {}).items()}
