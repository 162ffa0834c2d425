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
import pyarrow.compute as pc

from governance.intake import notations
from governance.intake.columns import spread, text_array, text_column
from governance.intake.drawing import Drawn, as_list
from governance.intake.fields import FieldSource
from governance.quality.storable import is_storable, json_text, storable
from governance.register.canonical import TEXT

Reasons = dict[int, str]
_SHOWN = 80


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
    read = _read_at_once(text, pattern)
    if read is None:
        read = pd.to_datetime(text, format=pattern, errors="coerce", utc=aware)
    fits = read.notna()
    if not aware:
        read = read.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
    return read.dt.as_unit("us"), fits


_WHOLE_DAY = r"^[1-9]\d{3}-\d\d-\d\d"
_WRITTEN_AS = {
    "%Y-%m-%d": f"{_WHOLE_DAY}$",
    "%Y-%m-%d %H:%M:%S": rf"{_WHOLE_DAY} \d\d:\d\d:\d\d$",
    "%Y-%m-%dT%H:%M:%S": rf"{_WHOLE_DAY}T\d\d:\d\d:\d\d$",
}


def _read_at_once(text: pd.Series, pattern: str) -> pd.Series | None:
    """Return times without a zone, several times as fast; None where not every text is one of ISO 8601."""
    if pattern not in _WRITTEN_AS:
        return None
    held = pa.array(text, TEXT, from_pandas=True)
    if not pc.all(pc.match_substring_regex(held, _WRITTEN_AS[pattern]), min_count=0).as_py():
        return None
    try:
        read = held.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:  # there is no such day, or hour
        return None
    return pd.Series(read.to_pandas().to_numpy(), index=text.index)


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
