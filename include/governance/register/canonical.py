"""The text of JSON as PostgreSQL writes it, which the hashes of the history are taken of.

PostgreSQL stores JSON parsed and writes it back with the shortest key first, one space after each colon and
comma, and no escape that is not needed. Flat objects of text are written here in the same way; whatever else
there is (numbers, objects within each other) PostgreSQL itself is asked for. `register verify` holds every
hash to what is stored, so a text that differed would not stay unnoticed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

TEXT = pa.large_string()
_ESCAPES = {code: f"\\u{code:04x}" for code in range(32)} | {
    ord("\\"): "\\\\", ord('"'): '\\"', 8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r",
}  # fmt: skip
_WRITTEN = text(
    "SELECT CASE WHEN :strip THEN jsonb_strip_nulls(one.told::jsonb) ELSE one.told::jsonb END::text"
    " FROM unnest(CAST(:told AS text[])) WITH ORDINALITY AS one (told, place) ORDER BY place"
)


def key_rank(name: str) -> tuple[int, bytes]:
    """Return by what PostgreSQL sorts the keys of an object.

    >>> sorted(["title", "due_at", "risk"], key=key_rank)
    ['risk', 'title', 'due_at']
    """
    written = name.encode()
    return len(written), written


def joined(*parts: pa.Array | pa.ChunkedArray | str, between: str = "", skip: bool = False) -> pa.Array:
    """Join columns and constants row by row; a row with a missing part is missing, or goes without it."""
    typed = [pa.scalar(part, TEXT) if isinstance(part, str) else part for part in parts]
    handling = "skip" if skip else "emit_null"
    return pc.binary_join_element_wise(*typed, pa.scalar(between, TEXT), null_handling=handling)


def as_text(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column as one array of text."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole.cast(TEXT)


def escaped(column: pa.Array, escapes: dict[int, str]) -> pa.Array:
    """Replace characters (code -> what is written for it), those that there are, the backslash first."""
    held = characters(column)
    present = [code for code in escapes if code >= _CONTROL and (held == code).any()]
    if (held < _CONTROL).any():
        present += [code for code in escapes if code < _CONTROL and (held == code).any()]
    for code in sorted(present, key=lambda code: code != ord("\\")):
        column = pc.replace_substring(column, chr(code), escapes[code])
    return column


_CONTROL = 32
"""Codes below are control characters."""


def characters(column: pa.Array) -> np.ndarray:
    """Return the bytes of all texts of a column (`large_string`) one after the other, as `uint8`."""
    _, places, data = column.buffers()
    if data is None or not len(column):
        return np.empty(0, np.uint8)
    ends = np.frombuffer(places, np.int64)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]


def quoted(column: pa.Array) -> pa.Array:
    """Return text as JSON strings; what is missing stays missing."""
    return joined('"', escaped(column, _ESCAPES), '"')


def flat_object(fields: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """Return `rows` JSON objects of the fields (key -> values as JSON text); a missing value has no key."""
    members = [
        joined(f"{_one(name)}: ", fields[name])
        for name in sorted(fields, key=key_rank)
        if fields[name].null_count < rows
    ]
    if not members:
        return pa.array(["{}"] * rows, TEXT)
    inside = joined(*_never_all_missing(members), between=", ", skip=True)
    return joined("{", inside, "}")


def _never_all_missing(members: list[pa.Array]) -> list[pa.Array]:
    """Put an empty text where a row has nothing at all: joining would drop the row."""
    missing = members[0].is_null()
    for member in members[1:]:
        missing = pc.and_(missing, member.is_null())
    return [pc.if_else(missing, pa.scalar("", TEXT), members[0]), *members[1:]]


def _one(name: str) -> str:
    return str(quoted(pa.array([name], TEXT))[0])


def instants(column: pa.Array) -> pa.Array:
    """Return instants (`timestamp[us, UTC]`) as JSON strings, as PostgreSQL writes them in UTC."""
    naive = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).cast(pa.timestamp("us"))
    written = pc.replace_substring(naive.cast(TEXT), " ", "T")
    return joined('"', pc.utf8_rtrim(pc.utf8_rtrim(written, "0"), "."), '+00:00"')


def epochs(column: pa.Array) -> pa.Array:
    """Return instants as seconds since 1970 with six decimals, as `extract(epoch ...)` gives them."""
    micros = column.cast(pa.int64())
    told = [f"{'-' if n < 0 else ''}{abs(n) // 10**6}.{abs(n) % 10**6:06d}" for n in micros.to_pylist()]
    return pa.array(told, TEXT)


def as_stored(connection: Connection | None, column: pa.Array, *, strip: bool = False) -> pa.Array:
    """Return JSON text as PostgreSQL writes it, asked once a value; `strip`: without keys that hold null."""
    assert connection is not None  # noqa: S101 (without one `told` does not come here)
    known = column.dictionary_encode()
    told = known.dictionary.to_pylist()
    written = connection.execute(_WRITTEN, {"told": told, "strip": strip}).scalars().all() if told else []
    return pc.take(pa.array(written, TEXT), known.indices)
