"""The text of JSON as PostgreSQL writes it, which the hashes of the history are taken of.

PostgreSQL stores JSON parsed and writes it back with the shortest key first, one space after each colon and
comma, and no escape that is not needed. Flat objects of text are written here in the same way; whatever else
there is (numbers, objects within each other) PostgreSQL itself is asked for. The history keeps the text as it
is written here, so nobody else would notice one that differed: the tests hold it to PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby

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
    if not isinstance(column, pa.ChunkedArray):
        return column.cast(TEXT)
    whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()  # which copies
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


@dataclass(frozen=True)
class Values:
    """JSON values, one a row: `text`, and what stands before and after each; a missing text is no value."""

    text: pa.Array
    before: str = ""
    after: str = ""

    def whole(self) -> pa.Array:
        """Return them as they are written; what is missing stays missing."""
        return joined(self.before, self.text, self.after)


def strings(column: pa.Array) -> Values:
    """Return text as JSON strings."""
    return Values(escaped(column, _ESCAPES), '"', '"')


def quoted(column: pa.Array) -> pa.Array:
    """Return text as JSON strings; what is missing stays missing."""
    return strings(column).whole()


def instants(column: pa.Array) -> Values:
    """Return instants (`timestamp[us, UTC]`) as JSON strings, as PostgreSQL writes them in UTC."""
    micros = column.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    whole = not (np.asarray(micros.drop_null()) % 10**6).any()
    naive = micros.cast(pa.timestamp("us")).cast(pa.timestamp("s" if whole else "us"))
    written = pc.replace_substring(naive.cast(TEXT), " ", "T")
    if not whole:
        written = pc.utf8_rtrim(pc.utf8_rtrim(written, "0"), ".")
    return Values(written, '"', '+00:00"')


def flat_object(fields: Mapping[str, Values], rows: int) -> pa.Array:
    """Return `rows` JSON objects of the fields; a missing value has no key.

    Each text is copied once: what is never missing is joined with all that is around it at one go.
    """
    found = _members(fields, rows)
    if found is None:
        return _of_perhaps_nothing(fields, rows)
    return joined("{", *[part for name in found for part in found[name]], "}", skip=True)


def flat_objects(fields: Mapping[str, Values], rows: int, less: Collection[str]) -> tuple[pa.Array, pa.Array]:
    """Return the objects of `flat_object`, and those without the fields of `less`.

    What both hold is joined once.
    """
    kept = {name: values for name, values in fields.items() if name not in less}
    found = _members(fields, rows, less)
    if found is None:
        return flat_object(fields, rows), flat_object(kept, rows)
    pieces = [  # "" keeps what has nothing: joining would drop its row
        (is_kept, joined("", *[part for name in run for part in found[name]], skip=True))
        for is_kept, run in groupby(found, kept.__contains__)
    ]
    shared = [piece for is_kept, piece in pieces if is_kept]
    return joined("{", *[piece for _, piece in pieces], "}", skip=True), joined("{", *shared, "}", skip=True)


def _members(
    fields: Mapping[str, Values], rows: int, less: Collection[str] = ()
) -> dict[str, list[pa.Array | str]] | None:
    """Return by name, in order, what is written for it: its value between constants, or a column with both.

    None where no field (but those of `less`) is always there: then nobody knows where commas go.
    """
    names = sorted((name for name, one in fields.items() if one.text.null_count < rows), key=key_rank)
    always = next((n for n in names if n not in less and not fields[n].text.null_count), None)
    if always is None:
        return None
    found: dict[str, list[pa.Array | str]] = {}
    before, after = "", ", "  # a comma follows each until there is one that is always there, then it leads
    for name in names:
        if name == always:
            before, after = ", ", ""
        member = _member(name, fields[name], "" if name == always else before, after)
        is_column = bool(fields[name].text.null_count)
        found[name] = [member.whole()] if is_column else [member.before, member.text, member.after]
    return found


def _member(name: str, values: Values, before: str = "", after: str = "") -> Values:
    key = str(quoted(pa.array([name], TEXT))[0])
    return Values(values.text, f"{before}{key}: {values.before}", f"{values.after}{after}")


def _of_perhaps_nothing(fields: Mapping[str, Values], rows: int) -> pa.Array:
    """Return objects of fields each of which is missing somewhere: a row may have none of them."""
    names = sorted((name for name, one in fields.items() if one.text.null_count < rows), key=key_rank)
    if not names:
        return pa.array(["{}"] * rows, TEXT)
    members = [_member(name, fields[name]).whole() for name in names]
    missing = members[0].is_null()
    for member in members[1:]:
        missing = pc.and_(missing, member.is_null())
    first = pc.if_else(missing, pa.scalar("", TEXT), members[0])  # joining would drop a row of nothing
    return joined("{", joined(first, *members[1:], between=", ", skip=True), "}")


def epochs(column: pa.Array) -> pa.Array:
    """Return instants as seconds since 1970 with six decimals, as `extract(epoch ...)` gives them."""
    micros = column.cast(pa.int64())
    positive = np.abs(np.asarray(micros))
    seconds, rest = (pa.array(part).cast(TEXT) for part in divmod(positive, 10**6))
    told = joined(seconds, ".", pc.utf8_lpad(rest, 6, "0"))
    return pc.if_else(pc.less(micros, 0), joined("-", told), told) if len(micros) else told


def as_stored(connection: Connection | None, column: pa.Array, *, strip: bool = False) -> pa.Array:
    """Return JSON text as PostgreSQL writes it, asked once a value; `strip`: without keys that hold null."""
    assert connection is not None  # noqa: S101 (without one `told` does not come here)
    known = column.dictionary_encode()
    told = known.dictionary.to_pylist()
    written = connection.execute(_WRITTEN, {"told": told, "strip": strip}).scalars().all() if told else []
    return pc.take(pa.array(written, TEXT), known.indices)
