"""What staged observations say, in the words and with the hashes of the history."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from governance.register import packed
from governance.register.canonical import (
    TEXT,
    Values,
    as_stored,
    as_text,
    epochs,
    flat_objects,
    instants,
    joined,
    quoted,
    strings,
)
from governance.register.request import JSON_FIELDS, STATE_FIELDS, TIME_FIELDS

RAW_AS_STORED = {b"raw": b"as stored"}
"""Metadata of a batch whose raw records are flat objects of text, written as PostgreSQL writes them."""
SAID_BY_RAW = {b"said": b"by raw"}
"""Metadata of a batch of which two observations say the same of the same time where their raw records do."""
NOT_CONTENT = ("owner", "owner_rule")
"""Whom a request belongs to is decided here: another owner is no news of the source."""

SAYS = ("status", "actor", *STATE_FIELDS, "raw", "valid_at")
"""Columns of a canonical batch that `told` needs."""
SAID = ("status", "actor", "state", "raw", "valid_at", "content")
"""Columns of what is told that `rows` needs."""
HASH = pa.binary(32)
_FIXED = (
    "event", "request_number", "valid_at", "recorded_at", "origin", "run_id", "block", "content", "digest",
)  # fmt: skip
COLUMNS = (*_FIXED, "actor", "status", "state", "raw")
"""Of `request_event`, in the order in which `rows` writes them."""


def told(connection: Connection | None, batch: pa.Table) -> pa.Table:
    """Return a canonical batch with `state` and `raw` as they are stored, and `content`, their hash.

    Without a connection only where PostgreSQL need not be asked how it writes something; else as it is.
    """
    if is_told(batch) or (connection is None and _asks(batch)):
        return batch
    members = {
        name: _values(connection, name, batch[name])
        for name in STATE_FIELDS
        if batch[name].null_count < batch.num_rows
    }
    raw = as_text(batch["raw"])
    if not _says(batch, RAW_AS_STORED):
        raw = as_stored(connection, raw)
    status, actor = _status_and_actor(batch)
    rows = batch.num_rows
    state, asked = flat_objects(members, rows, NOT_CONTENT)
    content = hashed(joined("[", joined(status, actor, asked, raw, between=", "), "]"))
    found = batch.set_column(batch.column_names.index("raw"), "raw", raw)
    found = found.append_column("state", state).append_column("content", content)
    return found.replace_schema_metadata(RAW_AS_STORED | _TOLD)


def is_told(batch: pa.Table) -> bool:
    """Tell whether a batch comes from `told`."""
    return _says(batch, _TOLD)


def can_wait(batch: pa.Table) -> bool:
    """Tell whether what is news can be told from the raw records alone, and PostgreSQL need not be asked."""
    return _says(batch, SAID_BY_RAW) and not _asks(batch)


_TOLD = {b"state": b"as stored"}


def _says(batch: pa.Table, metadata: dict[bytes, bytes]) -> bool:
    return metadata.items() <= (batch.schema.metadata or {}).items()


def _asks(batch: pa.Table) -> bool:
    """Tell whether there is something that only PostgreSQL can write as it does."""
    holds = any(batch[name].null_count < batch.num_rows for name in JSON_FIELDS)
    return holds or not _says(batch, RAW_AS_STORED)


@dataclass(frozen=True)
class Same:
    """What the events of one load have in common."""

    run_id: int
    block: int
    known_at: datetime


def rows(table: pa.Table, numbers: pa.Array, events: np.ndarray, same: Same) -> tuple[memoryview, bytes]:
    """Return rows of `told` as rows of `request_event` for COPY, in its binary format, and their hashes."""
    batch = table.combine_chunks()
    status, actor = _status_and_actor(batch)
    state, raw = as_text(batch["state"]), as_text(batch["raw"])
    valid_at = batch["valid_at"].combine_chunks()
    said = (numbers.cast(TEXT), epochs(valid_at), actor, '"observed"', status, state, raw)
    digests = hashes(joined("[", joined(*said, between=", "), "]"))
    fixed = (
        events, np.asarray(numbers), packed.moments(valid_at), packed.moment(same.known_at),
        np.void(b"observed"), same.run_id, same.block,
        _hashes_of(batch["content"]), np.frombuffer(digests, "V32"),
    )  # fmt: skip
    held = {
        "actor": packed.text(as_text(batch["actor"])),
        "status": packed.text(as_text(batch["status"])),
        "state": packed.text(state),
        "raw": packed.text(raw),
    }
    return packed.rows(dict(zip(_FIXED, fixed, strict=True)), held, batch.num_rows), digests


def hashes(texts: pa.Array) -> bytes:
    """Return the SHA-256 of each text, one after the other."""
    _, places, data = texts.buffers()
    ends = memoryview(places).cast("q").tolist()[texts.offset : texts.offset + len(texts) + 1]
    held = memoryview(data) if data is not None else memoryview(b"")
    sha256 = hashlib.sha256
    return b"".join([sha256(held[begin:end]).digest() for begin, end in pairwise(ends)])


def hashed(texts: pa.Array) -> pa.Array:
    """Return the SHA-256 of each text as a column."""
    return pa.Array.from_buffers(HASH, len(texts), [None, pa.py_buffer(hashes(texts))])


def _hashes_of(column: pa.ChunkedArray) -> np.ndarray:
    whole = column.combine_chunks()
    return np.frombuffer(whole.buffers()[1], "V32")[whole.offset : whole.offset + len(whole)]


def _values(connection: Connection | None, name: str, column: pa.ChunkedArray) -> Values:
    if name in TIME_FIELDS:
        return instants(column.combine_chunks())
    if name not in JSON_FIELDS:
        return strings(as_text(column))
    written = as_stored(connection, as_text(column), strip=True)
    return Values(pc.if_else(pc.equal(written, "null"), pa.scalar(None, TEXT), written))


def _status_and_actor(batch: pa.Table) -> tuple[pa.Array, pa.Array]:
    return quoted(as_text(batch["status"])), pc.fill_null(quoted(as_text(batch["actor"])), "null")
