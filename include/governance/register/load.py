"""Bulk load of a canonical batch: what is news becomes history by COPY, all of it in one transaction.

Loading is idempotent for what a record says and when: a batch that was loaded before, in whole, in part,
reordered or overlapping, adds nothing. The caller owns the transaction; nothing is visible before it commits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, text

from governance.register import events, packed
from governance.register.canonical import TEXT, as_text
from governance.register.chain import lock_history, next_of, run
from governance.register.copying import copy_rows
from governance.register.news import Observed, held, news, numbered, observed
from governance.register.request import JSON_FIELDS, STATE_FIELDS, TIME_FIELDS
from governance.register.staging import Batch, Staged

ANALYZED_FROM = 500
"""A load with so many news refreshes the planner's statistics: the first big one would go without any."""
_WRITTEN = 5_000
"""Events that are written as text together."""
_EVENTS = "request_event_event_seq"


@dataclass(frozen=True)
class LoadCounts:
    """Records (not observations) that brought news, and records that brought none."""

    loaded: int
    unchanged: int


@dataclass(frozen=True)
class _Load:
    """One load: what its events have in common."""

    connection: Connection
    source: str
    run_id: int
    known_at: datetime
    staged: Staged


def load(
    connection: Connection,
    batch: pd.DataFrame | Batch,
    *,
    source: str,
    run_id: int,
    known_at: datetime,
) -> LoadCounts:
    """Load a canonical batch (columns: `request.BATCH_COLUMNS`) of `source` into the register.

    A large one may come in tables. `known_at` is the recorded time of everything written. Two loads of one
    source wait for each other.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:source))"), {"source": f"load {source}"})
    whole = Batch.of(batch) if isinstance(batch, pd.DataFrame) else batch
    anew = not knows(connection, source)
    staged = whole.staged(connection, anew=anew)
    if not len(staged.places()):
        return LoadCounts(0, 0)
    found = observed(staged)
    numbers, first_new = numbered(connection, found, source, anew=anew)
    is_news = news(held(connection, numbers[numbers < first_new]), found, numbers)
    if is_news.any():
        _append(_Load(connection, source, run_id, known_at, staged), found, numbers, is_news, first_new)
    records = pd.Series(is_news).groupby(found.rows["record_no"].to_numpy()).any()
    loaded = int(records.sum())
    if loaded >= ANALYZED_FROM:
        connection.execute(text("ANALYZE request, request_event"))
    return LoadCounts(loaded, len(records) - loaded)


def knows(connection: Connection, source: str) -> bool:
    """Tell whether the register holds a request of a source."""
    query = text("SELECT EXISTS (SELECT FROM request WHERE source = :source)")
    return bool(connection.scalar(query, {"source": source}))


def _append(one: _Load, found: Observed, numbers: np.ndarray, is_news: np.ndarray, first_new: int) -> None:
    """Write the news: requests that are new, events, their seal, and the rows of requests known before."""
    block = lock_history(one.connection)
    many = int(is_news.sum())
    rows = found.rows.assign(request_number=numbers[found.rows["key"].to_numpy()])
    fresh = rows[is_news].assign(event=next_of(one.connection, _EVENTS, many))
    latest = fresh.sort_values(["moment", "row_no"]).drop_duplicates("key", keep="last")
    new = latest[latest["request_number"] >= first_new]
    kinds = found.in_time.drop_duplicates("key").set_index("key")["kind"]
    new = new.assign(kind=new["key"].map(kinds))
    if len(new):
        stated = one.staged.filled(STATE_FIELDS)
        requests = _request_rows(one, new, found.kinds, stated)
        copy_rows(one.connection, "request", (*_FIXED, "kind", "source", *_DRAWN, *stated), requests)
    seal = hashlib.sha256()
    written = _event_rows(one, fresh, block, seal)
    copy_rows(one.connection, "request_event", events.COLUMNS, written)
    sealed = {"block": block, "known_at": one.known_at, "run_id": one.run_id}
    if len(new) < len(latest):
        run(one.connection, "refresh_requests", {**sealed, "first_event": int(fresh["event"].min())})
    run(one.connection, "seal_loaded", {**sealed, "events": many, "events_hash": seal.digest()})


_FIXED = ("request_number", "valid_at", "recorded_at", "last_event")
"""Columns of a request that are never missing and of one size."""
_DRAWN = ("source_key", "status", "raw")
"""Those of every batch, which those of its state follow."""


def _request_rows(one: _Load, new: pd.DataFrame, kinds: list[str], stated: list[str]) -> Iterator[memoryview]:
    """Yield requests as COPY takes them, with those columns of their state that hold something."""
    for table, here in one.staged.parts(new, ("valid_at", *_DRAWN, *stated)):
        numbers, last = here["request_number"].to_numpy(), here["event"].to_numpy()
        valid_at = packed.moments(table["valid_at"].combine_chunks())
        fixed = dict(zip(_FIXED, (numbers, valid_at, packed.moment(one.known_at), last), strict=True))
        told = {
            "kind": packed.text(pa.array([kinds[place] for place in here["kind"]], TEXT)),
            "source": packed.text(pa.array([one.source] * len(here), TEXT)),
            **{name: _packed(name, table[name]) for name in (*_DRAWN, *stated)},
        }
        yield packed.rows(fixed, told, len(here))


def _packed(name: str, column: pa.ChunkedArray) -> pa.Array:
    if name in TIME_FIELDS:
        return packed.timestamptz(column.combine_chunks())
    return packed.jsonb(as_text(column)) if name in (*JSON_FIELDS, "raw") else packed.text(as_text(column))


def _event_rows(one: _Load, fresh: pd.DataFrame, block: int, seal: Any) -> Iterator[memoryview]:
    """Yield the events as COPY takes them; `seal` takes in their hashes, in their order."""
    same = events.Same(one.run_id, block, one.known_at)
    for table, here in one.staged.told(fresh, _WRITTEN):
        numbers, places = pa.array(here["request_number"].to_numpy()), here["event"].to_numpy()
        rows, digests = events.rows(table, numbers, places, same)
        seal.update(digests)
        yield rows
