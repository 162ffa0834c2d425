"""What staged observations say, in the words and with the hashes of the history."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from governance.register.canonical import (
    TEXT,
    as_stored,
    as_text,
    characters,
    epochs,
    escaped,
    flat_object,
    instants,
    joined,
    quoted,
)
from governance.register.request import JSON_FIELDS, STATE_FIELDS, TIME_FIELDS

RAW_AS_STORED = {b"raw": b"as stored"}
"""Metadata of a batch whose raw records are flat objects of text, written as PostgreSQL writes them."""
NOT_CONTENT = ("owner", "owner_rule")
"""Whom a request belongs to is decided here: another owner is no news of the source."""

_LINE = {ord("\\"): "\\\\", 9: "\\t", 10: "\\n", 13: "\\r"}
"""What COPY wants escaped in text."""
COLUMNS = ("event", "request_number", "valid_at", "recorded_at", "actor", "origin", "status", "state", "raw",
           "run_id", "content", "digest", "block")  # fmt: skip


def told(connection: Connection, batch: pa.Table) -> pa.Table:
    """Return a canonical batch with `state` and `raw` as they are stored, and `content`, their hash."""
    members = {
        name: _member(connection, name, batch[name])
        for name in STATE_FIELDS
        if batch[name].null_count < batch.num_rows
    }
    raw = as_text(batch["raw"])
    if not RAW_AS_STORED.items() <= (batch.schema.metadata or {}).items():
        raw = as_stored(connection, raw)
    status, actor = _status_and_actor(batch)
    rows = batch.num_rows
    asked = flat_object({name: one for name, one in members.items() if name not in NOT_CONTENT}, rows)
    content = hashes(joined("[", joined(status, actor, asked, raw, between=", "), "]"))
    found = batch.set_column(batch.column_names.index("raw"), "raw", raw)
    return found.append_column("state", flat_object(members, rows)).append_column("content", content)


@dataclass(frozen=True)
class Same:
    """What the events of one load have in common."""

    run_id: int
    block: int
    known_at: datetime


def lines(table: pa.Table, numbers: pa.Array, events: pa.Array, same: Same) -> tuple[memoryview, bytes]:
    """Return rows of `told` as lines of `request_event` for COPY, in its text format, and their hashes."""
    batch = table.combine_chunks()
    status, actor = _status_and_actor(batch)
    state, raw = as_text(batch["state"]), as_text(batch["raw"])
    number, valid_at = numbers.cast(TEXT), batch["valid_at"].combine_chunks()
    said = (number, epochs(valid_at), actor, '"observed"', status, state, raw)
    digest = hashes(joined("[", joined(*said, between=", "), "]"))
    plain = pc.fill_null(escaped(as_text(batch["actor"]), _LINE), "\\N")
    row = (
        events.cast(TEXT), number, _instant(valid_at), same.known_at.isoformat(), plain, "observed",
        as_text(batch["status"]), escaped(state, _LINE), escaped(raw, _LINE), str(same.run_id),
        _bytes(as_text(batch["content"])), _bytes(digest), str(same.block),
    )  # fmt: skip
    whole = joined(joined(*row, between="\t"), "\n")
    return characters(whole).data, bytes.fromhex(characters(digest).tobytes().decode())


def hashes(texts: pa.Array) -> pa.Array:
    """Return the SHA-256 of each text, in hexadecimal digits."""
    _, places, data = texts.buffers()
    ends = memoryview(places).cast("q").tolist()
    held = memoryview(data)
    sha256 = hashlib.sha256
    begin = texts.offset
    found = [sha256(held[ends[n] : ends[n + 1]]).hexdigest() for n in range(begin, begin + len(texts))]
    return pa.array(found, TEXT)


def _member(connection: Connection, name: str, column: pa.ChunkedArray) -> pa.Array:
    if name in TIME_FIELDS:
        return instants(column.combine_chunks())
    if name not in JSON_FIELDS:
        return quoted(as_text(column))
    written = as_stored(connection, as_text(column), strip=True)
    return pc.if_else(pc.equal(written, "null"), pa.scalar(None, TEXT), written)


def _status_and_actor(batch: pa.Table) -> tuple[pa.Array, pa.Array]:
    return quoted(as_text(batch["status"])), pc.fill_null(quoted(as_text(batch["actor"])), "null")


def _instant(column: pa.Array) -> pa.Array:
    return joined(column.cast(pa.int64()).cast(pa.timestamp("us")).cast(TEXT), "+00")


def _bytes(digits: pa.Array) -> pa.Array:
    return joined("\\\\x", digits)
