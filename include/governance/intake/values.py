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

from governance.intake import notations
from governance.intake.fields import FieldSource
from governance.intake.records import Raw
from governance.quality.storable import is_storable, json_text, storable

Reasons = dict[int, str]
_SHOWN = 80


def draw(rows: Sequence[Raw], source: FieldSource, nulls: frozenset[str]) -> list[Any]:
    """Return the raw value of a field for each row: its first column that holds something, else None."""
    if source.constant is not None:
        return [source.constant] * len(rows)
    values = [_first(row, source.column, nulls) for row in rows]
    if source.default is not None:
        values = [source.default if value is None else value for value in values]
    return values


def _first(row: Raw, columns: Sequence[str], nulls: frozenset[str]) -> Any:
    for column in columns:
        value = _reach(row, column)
        if isinstance(value, str):
            value = value.strip()
            if value in nulls:
                continue
        if value is not None and value not in ([], {}):
            return value
    return None


def _reach(row: Raw, column: str) -> Any:
    """A column by its whole name, or a path into nested records."""
    if column in row or "." not in column:
        return row.get(column)
    value: Any = row
    for part in column.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def texts(values: Sequence[Any], source: FieldSource) -> tuple[pd.Series, Reasons]:
    """Return text; numbers as they are written, nested values refused. Words are looked up in the map."""
    reasons: Reasons = {}
    words = source.words
    found: list[str | None] = []
    for position, value in enumerate(values):
        text = _text(value)
        if text is None and value is not None:
            reasons[position] = f"{_show(value)} is not text"
        elif text is not None and not is_storable(text):
            reasons[position] = f"{_show(storable(text))} holds a NUL character or half of a surrogate pair"
            text = None
        elif text is not None and source.map is not None and not _is_own(text, source):
            word = words.get(text.casefold() if source.ignore_case else text)
            if word is None:
                reasons[position] = (
                    f"{_show(text)} is none of the words that the spec knows: {', '.join(source.map)}"
                )
            text = word
        found.append(text if text is None else source.prefix + text)
    return pd.Series(found, dtype="str"), reasons


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
    texts_of = pd.Series(
        [storable(text) if (text := _text(value)) else None for value in values], dtype="str"
    )
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
