"""From a source's values to typed columns: text, times, JSON. What does not fit is a reason, never a guess.

Every function takes the raw values of one field, one per observation, and returns the typed column together
with the reasons: row position -> what is wrong, in words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from governance.intake import notations
from governance.intake.fields import FieldSource
from governance.intake.records import Raw
from governance.quality.storable import is_storable, json_text, storable

Reasons = dict[int, str]
Drawn: TypeAlias = "Sequence[Any] | pa.Array"
"""Values of one column; an array (`large_string`) where all are text that can be stored, or missing."""
_SHOWN = 80


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
        trimmed = pc.utf8_trim_whitespace(values)
        nothing = pc.is_in(trimmed, pa.array(sorted(nulls), values.type))
        return pc.if_else(nothing, pa.scalar(None, values.type), trimmed)
    if set(map(type, values)) == {str}:
        return [None if text in nulls else text for text in map(str.strip, values)]
    return [_something(value, nulls) for value in values]


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


def texts(values: Drawn, source: FieldSource) -> tuple[pd.Series, Reasons]:
    """Return text; numbers as they are written, nested values refused. Words are looked up in the map.

    A value that comes again is read once.
    """
    plain = _plain(values) if source.map is None else None
    if plain is not None:
        return source.prefix + plain if source.prefix else plain, {}
    words = source.words
    distinct, places = _distinct(values)
    read = [_read_text(value, source, words) for value in distinct]
    wrong = np.array([problem is not None for _, problem in read], dtype=bool)
    reasons = (
        {int(row): str(read[places[row]][1]) for row in np.flatnonzero(wrong[places])} if wrong.any() else {}
    )
    return spread([text for text, _ in read], places), reasons


def _distinct(values: Drawn) -> tuple[Sequence[Any], np.ndarray]:
    """Return distinct values and which of them each is; only text is compared: 1, 1.0 and True are equal."""
    if isinstance(values, pa.Array):
        known = pc.dictionary_encode(values, null_encoding="encode")
        return known.dictionary.to_pylist(), known.indices.to_numpy(zero_copy_only=False)
    if not set(map(type, values)) <= {str, type(None)}:
        return values, np.arange(len(values))
    places, words = pd.factorize(np.array(values, dtype=object), use_na_sentinel=False)
    return [word if isinstance(word, str) else None for word in words.tolist()], places


def _plain(values: Drawn) -> pd.Series | None:
    """The column where it is nothing but text that can be stored, else None."""
    if isinstance(values, pa.Array):
        return pd.Series(text_array(values))
    if not set(map(type, values)) <= {str, type(None)}:
        return None
    try:
        column = text_column(values)
    except UnicodeEncodeError:  # half of a surrogate pair
        return None
    return None if column.str.contains("\x00", regex=False, na=False).any() else column


def text_column(values: Sequence[str | None]) -> pd.Series:
    """Return a column of type `str`; faster than pandas, which looks at every value."""
    return pd.Series(text_array(pa.array(values, pa.large_string())))


def text_array(column: pa.Array) -> Any:
    """Return text (`large_string`) as pandas holds a column of type `str`, without a copy."""
    return _TEXT.__from_arrow__(column)  # type: ignore[attr-defined] # the stubs do not know it


_TEXT = pd.StringDtype(na_value=np.nan)


def each_distinct(frame: pd.DataFrame, names: Sequence[str]) -> tuple[list[tuple[Any, ...]], np.ndarray]:
    """Return the distinct rows of some columns, and for each row which of them it is.

    >>> each_distinct(pd.DataFrame({"a": ["x", "x"], "b": ["1", None]}), ["a", "b"])
    ([('x', '1'), ('x', nan)], array([0, 1]))
    """
    codes = np.zeros(len(frame), dtype="int64")
    for name in names:
        found, words = pd.factorize(frame[name], use_na_sentinel=False)
        codes = codes * max(len(words), 1) + found
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rows = frame[list(names)].iloc[first]
    return list(zip(*(rows[name].tolist() for name in names), strict=True)), inverse


def spread(values: Sequence[str | None], places: np.ndarray) -> pd.Series:
    """Return a column of type `str` that holds at each row the value of its place."""
    return pd.Series(text_array(pa.array(values, pa.large_string()).take(pa.array(places))))


def _read_text(value: Any, source: FieldSource, words: dict[str, str]) -> tuple[str | None, str | None]:
    """Return (text, None) or (None, what is wrong)."""
    text = _text(value)
    if text is None:
        return None, None if value is None else f"{_show(value)} is not text"
    if not is_storable(text):
        return None, f"{_show(storable(text))} holds a NUL character or half of a surrogate pair"
    if source.map is not None and not _is_own(text, source):
        word = words.get(text.casefold() if source.ignore_case else text)
        if word is None:
            known = ", ".join(source.map)
            return None, f"{_show(text)} is none of the words that the spec knows: {known}"
        text = word
    return source.prefix + text, None


def text_of(value: Any) -> str | None:
    """Return one value as text; None where there is none, or where it is no text that can be stored."""
    return _read_text(value, _ANY, {})[0]


_ANY = FieldSource(column=("any",))


def _is_own(text: str, source: FieldSource) -> bool:
    """Constants and defaults are words of the register already."""
    return text in (source.constant, source.default)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    return None


def times(values: Drawn, formats: Sequence[str], zone: str) -> tuple[pd.Series, Reasons]:
    """Return instants (`datetime64[us, UTC]`). The first format that fits counts; plain dates are midnight.

    Times without an offset are read on the clock of `zone`; those that its clock skips or shows twice are
    refused. Formats are those of `strptime`.
    """
    texts_of = _plain(values)
    if texts_of is None:
        shown = [storable(text) if (text := _text(value)) else None for value in values]
        texts_of = pd.Series(shown, dtype="str")
    instants = pd.Series(pd.NaT, index=texts_of.index, dtype="datetime64[us, UTC]")
    left = texts_of.str.contains(r"\d", regex=True, na=False)  # 'now' and 'today' are no dates
    clock = pd.Series(False, index=texts_of.index)
    for pattern in formats:
        if not left.any():
            break
        read, fits = _read(texts_of if left.all() else texts_of[left], pattern, zone)
        if len(read) < len(left):
            read, fits = read.reindex(left.index), fits.reindex(left.index, fill_value=False)
        instants = read if left.all() else instants.where(~left, read)
        clock |= fits & instants.isna()
        left &= instants.isna() & ~clock
    return instants, _time_reasons(values, texts_of.notna() & instants.isna(), clock, formats, zone)


def _time_reasons(
    values: Drawn, unread: pd.Series, clock: pd.Series, formats: Sequence[str], zone: str
) -> Reasons:
    """Say why a value gave no instant: it fits a format but no time on that clock, or it fits no format."""
    if not unread.any():
        return {}
    written = " or ".join(formats) or "any format: the spec declares no dates"
    told, reasons = as_list(values), {}
    for position in np.flatnonzero(unread):
        shown = _show(told[int(position)])
        if clock[position]:
            reasons[int(position)] = f"{shown} is a time that the clock of {zone} skips or shows twice"
        else:
            reasons[int(position)] = f"{shown} is not a date written as {written}"
    return reasons


def _read(text: pd.Series, pattern: str, zone: str) -> tuple[pd.Series, pd.Series]:
    """Return instants, and which texts fit the pattern (some of these may be no instant on that clock)."""
    aware = "%z" in pattern
    read = pd.to_datetime(text, format=pattern, errors="coerce", utc=aware)
    fits = read.notna()
    if not aware:
        read = read.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
    return read.dt.as_unit("us"), fits


def documents(drawn: Drawn, source: FieldSource) -> tuple[pd.Series, Reasons]:
    """Return JSON text; from text that holds JSON, from text cut into a list, or from nested values."""
    values = as_list(drawn)
    if all(value is None for value in values):
        return pd.Series([None] * len(values), dtype="str"), {}
    reasons: Reasons = {}
    found: list[str | None] = []
    for position, value in enumerate(values):
        try:
            found.append(None if value is None else _json(_document(value, source)))
        except ValueError as error:
            found.append(None)
            problem = error.msg if isinstance(error, json.JSONDecodeError) else error
            expected = source.notation or "JSON"
            reasons[position] = f"{_show(value)} is not {expected}: {problem}"
    return pd.Series(found, dtype="str"), reasons


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    shown = json_text(value)
    if shown != text:
        raise ValueError("it holds a NUL character or half of a surrogate pair")
    return text


def _document(value: Any, source: FieldSource) -> Any:
    if source.notation and isinstance(value, str):
        return notations.read(source.notation, value)
    if source.split and isinstance(value, str):
        return [part.strip() for part in value.split(source.split) if part.strip()]
    if source.json_text and isinstance(value, str):
        return json.loads(value, parse_constant=_refuse)
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number of JSON")


def _show(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
