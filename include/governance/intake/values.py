"""From a source's values to typed columns: text, times, JSON. What does not fit is a reason, never a guess.

Every function takes the raw values of one field, one per observation, and returns the typed column together
with the reasons: row position -> what is wrong, in words.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from governance.intake.fields import FieldSource
from governance.intake.records import Raw
from governance.quality.storable import is_storable, json_text, storable

Reasons = dict[int, str]
_SHOWN = 80


def draw(rows: Sequence[Raw], source: FieldSource, nulls: frozenset[str]) -> list[Any]:
    """Return the raw value of a field for each row: its first column that holds something, else None."""
    if source.constant is not None:
        return [source.constant] * len(rows)
    values: list[Any] = [None] * len(rows)
    for column in source.column:
        found = _held(rows, column, nulls)
        values = [other if value is None else value for value, other in zip(values, found, strict=True)]
        if None not in values:
            break
    if source.default is not None:
        values = [source.default if value is None else value for value in values]
    return values


def _held(rows: Sequence[Raw], column: str, nulls: frozenset[str]) -> list[Any]:
    """What one column holds, text without the space around it; None where that is nothing."""
    nested = "." in column
    values: list[Any] = [_reach(row, column) if nested else row.get(column) for row in rows]
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


def texts(values: Sequence[Any], source: FieldSource) -> tuple[pd.Series, Reasons]:
    """Return text; numbers as they are written, nested values refused. Words are looked up in the map.

    A value that comes again is read once.
    """
    plain = _plain(values) if source.map is None else None
    if plain is not None:
        return source.prefix + plain if source.prefix else plain, {}
    words = source.words
    reasons: Reasons = {}
    found: list[str | None] = []
    known: dict[str, tuple[str | None, str | None]] = {}
    for position, value in enumerate(values):
        if type(value) is str:  # not for numbers: 1, 1.0 and True are equal and written differently
            read = known.get(value) or known.setdefault(value, _read_text(value, source, words))
        else:
            read = _read_text(value, source, words)
        found.append(read[0])
        if read[1] is not None:
            reasons[position] = read[1]
    return text_column(found), reasons


def _plain(values: Sequence[Any]) -> pd.Series | None:
    """The column where it is nothing but text that can be stored, else None."""
    if not set(map(type, values)) <= {str, type(None)}:
        return None
    try:
        column = text_column(values)
    except UnicodeEncodeError:  # half of a surrogate pair
        return None
    return None if column.str.contains("\x00", regex=False, na=False).any() else column


def text_column(values: Sequence[str | None]) -> pd.Series:
    """Return a column of type `str`; faster than pandas, which looks at every value."""
    column = pa.array(values, pa.large_string())
    return pd.Series(_TEXT.__from_arrow__(column))  # type: ignore[attr-defined] # the stubs do not know it


_TEXT = pd.StringDtype(na_value=np.nan)


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


def _is_own(text: str, source: FieldSource) -> bool:
    """Constants and defaults are words of the register already."""
    return text in (source.constant, source.default)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    return None


def times(values: Sequence[Any], formats: Sequence[str], zone: str) -> tuple[pd.Series, Reasons]:
    """Return instants (`datetime64[us, UTC]`). The first format that fits counts; plain dates are midnight.

    Times without an offset are read on the clock of `zone`; those that its clock skips or shows twice are
    refused. Formats are those of `strptime`.
    """
    texts_of = _plain(values)
    if texts_of is None:
        shown = [storable(text) if (text := _text(value)) else None for value in values]
        texts_of = pd.Series(shown, dtype="str")
    given = texts_of.notna()
    instants = pd.Series(pd.NaT, index=texts_of.index, dtype="datetime64[us, UTC]")
    open_rows = given & texts_of.str.contains(r"\d", regex=True, na=False)  # 'now' and 'today' are no dates
    clock = pd.Series(False, index=texts_of.index)
    for pattern in formats:
        left = open_rows & instants.isna() & ~clock
        if not left.any():
            break
        read, fits = _read(texts_of[left], pattern, zone)
        instants = instants.where(~left, read.reindex(texts_of.index))
        clock |= (fits.reindex(texts_of.index, fill_value=False)) & instants.isna()
    return instants, _time_reasons(values, instants, clock, formats, zone)


def _time_reasons(
    values: Sequence[Any], instants: pd.Series, clock: pd.Series, formats: Sequence[str], zone: str
) -> Reasons:
    """Say why a value gave no instant: it fits a format but no time on that clock, or it fits no format."""
    given = np.array([value is not None for value in values], dtype=bool)
    written = " or ".join(formats) or "any format: the spec declares no dates"
    reasons: Reasons = {}
    for position in np.flatnonzero(given & instants.isna().to_numpy()):
        shown = _show(values[int(position)])
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


def documents(values: Sequence[Any], source: FieldSource) -> tuple[pd.Series, Reasons]:
    """Return JSON text; from text that holds JSON, from text cut into a list, or from nested values."""
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
            reasons[position] = f"{_show(value)} is not JSON: {problem}"
    return pd.Series(found, dtype="str"), reasons


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    shown = json_text(value)
    if shown != text:
        raise ValueError("it holds a NUL character or half of a surrogate pair")
    return text


def _document(value: Any, source: FieldSource) -> Any:
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
