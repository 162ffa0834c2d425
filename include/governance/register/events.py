"""What staged observations say, in the words and with the hashes of the history."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from governance.register.canonical import (
    TEXT,
    Values,
    as_stored,
    as_text,
    characters,
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
"""Metadata of a batch of which two observations say the same where their raw records are the same."""
NOT_CONTENT = ("owner", "owner_rule")
"""Whom a request belongs to is decided here: another owner is no news of the source."""

SAYS = ("status", "actor", *STATE_FIELDS, "raw", "valid_at")
"""Columns of a canonical batch that `told` needs."""
SAID = ("status", "actor", "state", "raw", "valid_at", "content")
"""Columns of what is told that `rows` needs."""
HASH = pa.binary(32)
_HASHES = ("content", "digest")
_FIXED = ("event", "request_number", "valid_at", "recorded_at", "origin", "run_id", "block", *_HASHES)
COLUMNS = (*_FIXED, "actor", "status", "state", "raw")
"""Of `request_event`, in the order in which `rows` writes them: those of one size first."""
_SIZES = {**dict.fromkeys(_HASHES, "V32"), "origin": "V8"}
_HEAD = np.dtype(
    [("columns", ">i2")]
    + [one for name in _FIXED for one in ((f"{name}_size", ">i4"), (name, _SIZES.get(name, ">i8")))]
    + [("actor_size", ">i4")]
)
"""What a row of COPY in its binary format begins with: how many columns, and each after its size in bytes."""
_BEGAN = datetime(2000, 1, 1, tzinfo=UTC)
"""From where PostgreSQL counts."""
_EPOCH = int(_BEGAN.timestamp()) * 1_000_000
"""The same in microseconds since 1970."""


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
    who, word = as_text(batch["actor"]), as_text(batch["status"])
    begin = {
        "event": events,
        "request_number": np.asarray(numbers),
        "valid_at": np.asarray(valid_at.cast(pa.int64())) - _EPOCH,
        "recorded_at": (same.known_at - _BEGAN) // timedelta(microseconds=1),
        "origin": np.void(b"observed"),
        "run_id": same.run_id,
        "block": same.block,
        "content": _hashes_of(batch["content"]),
        "digest": np.frombuffer(digests, "V32"),
    }
    whole = pc.binary_join_element_wise(
        _heads(begin, who), pc.fill_null(who, "").cast(_BYTES),
        _sized(word), word.cast(_BYTES),
        _sized(state), state.cast(_BYTES),
        _sized(raw), raw.cast(_BYTES),
        pa.scalar(b"", _BYTES),
    )  # fmt: skip
    return characters(whole).data, digests


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


_BYTES = pa.large_binary()


def _heads(values: dict[str, Any], actors: pa.Array) -> pa.Array:
    heads = np.zeros(len(actors), _HEAD)
    heads["columns"] = len(COLUMNS)
    for name, value in values.items():
        heads[f"{name}_size"] = _HEAD[name].itemsize
        heads[name] = value
    heads["actor_size"] = np.asarray(pc.fill_null(pc.binary_length(actors), -1))
    return _binary(heads)


def _sized(texts: pa.Array) -> pa.Array:
    """Return what is written before each text: how many bytes follow."""
    return _binary(np.asarray(pc.binary_length(texts)).astype(">i4"))


def _binary(values: np.ndarray) -> pa.Array:
    """Return a packed array as bytes, one value each."""
    ends = np.arange(len(values) + 1, dtype=np.int64) * values.dtype.itemsize
    return pa.Array.from_buffers(_BYTES, len(values), [None, pa.py_buffer(ends), pa.py_buffer(values)])


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
