"""Bulk load of a canonical batch: what is news becomes history by COPY, all of it in one transaction.

Loading is idempotent for what a record says and when: a batch that was loaded before, in whole, in part,
reordered or overlapping, adds nothing. The caller owns the transaction; nothing is visible before it commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, text

from governance import resources
from governance.register import events
from governance.register.copying import copy_lines, copy_tables
from governance.register.request import STATE_FIELDS
from governance.spool import Spool

ANALYZED_FROM = 500
"""A load with so many news refreshes the planner's statistics: the first big one would go without any."""
_WRITTEN = 5_000
"""Events that are written as text together."""
_NARROW = ("record_no", "row_no", "source_key", "kind", "valid_at", "content")


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


def load(
    connection: Connection,
    batch: pd.DataFrame | Iterable[pa.Table],
    *,
    source: str,
    run_id: int,
    known_at: datetime,
) -> LoadCounts:
    """Load a canonical batch (columns: `request.BATCH_COLUMNS`) of `source` into the register.

    A large one may come in parts. `known_at` is the recorded time of everything written. Two loads of one
    source wait for each other.
    """
    tables: Iterable[pa.Table] = (
        [pa.Table.from_pandas(batch, preserve_index=False)] if isinstance(batch, pd.DataFrame) else batch
    )
    staged = Spool()
    for table in tables:
        if table.num_rows:
            staged.add(events.told(connection, table))
    if not staged.rows:
        return LoadCounts(0, 0)
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:source))"), {"source": f"load {source}"})
    narrow = pd.concat([table.select(list(_NARROW)).to_pandas() for table in staged], ignore_index=True)
    one = _Load(connection, source, run_id, known_at)
    met = _met(one, narrow)
    narrow["request_number"] = narrow["source_key"].map(_numbers(one, narrow, met))
    news = _news(one, narrow, met)
    counts = news.groupby(narrow["record_no"]).any()
    if news.any():
        _append(one, staged, narrow, news, met)
    loaded = int(counts.sum())
    if loaded >= ANALYZED_FROM:
        connection.execute(text("ANALYZE request, request_event"))
    return LoadCounts(loaded, len(counts) - loaded)


def _met(one: _Load, narrow: pd.DataFrame) -> dict[str, int]:
    """Return the numbers of the requests that the register has met, by key."""
    known = {"source": one.source, "keys": narrow["source_key"].unique().tolist()}
    rows = one.connection.execute(text(resources.sql("register/met.sql")), known)
    return {row.source_key: row.request_number for row in rows}


def _numbers(one: _Load, narrow: pd.DataFrame, met: dict[str, int]) -> dict[str, int]:
    """Return the number of every request; those that are new get theirs here, oldest first."""
    first = narrow.sort_values(["valid_at", "row_no"]).drop_duplicates("source_key")["source_key"]
    new = [key for key in first if key not in met]
    query = text("SELECT nextval('request_number_seq') FROM generate_series(1, :many)")
    taken = one.connection.execute(query, {"many": len(new)}).scalars().all() if new else []
    return {**met, **dict(zip(new, sorted(taken), strict=True))}


def _news(one: _Load, narrow: pd.DataFrame, met: dict[str, int]) -> pd.Series:
    """Tell for each observation whether it is news."""
    import duckdb  # noqa: PLC0415 (not for those who only decide)

    observed = pd.DataFrame(
        {
            "request_number": narrow["request_number"],
            "place": range(len(narrow)),
            "moment": narrow["valid_at"].astype("int64"),
            "content": narrow["content"],
        }
    )
    rows = one.connection.execute(
        text(resources.sql("register/known_content.sql")), {"numbers": list(met.values())}
    )
    known = pa.Table.from_pylist([dict(row) for row in rows.mappings()], schema=_KNOWN)
    with duckdb.connect() as asked:
        asked.register("observed", pa.Table.from_pandas(observed, preserve_index=False))
        asked.register("known", known)
        found = asked.sql(resources.sql("register/news.sql")).to_arrow_table()
    return pd.Series(found["is_news"].to_numpy(zero_copy_only=False), index=narrow.index)


_KNOWN = pa.schema(
    {"request_number": pa.int64(), "event": pa.int64(), "moment": pa.int64(), "content": pa.large_string()}
)


def _append(one: _Load, staged: Spool, narrow: pd.DataFrame, news: pd.Series, met: dict[str, int]) -> None:
    """Write the news: requests that are new, events, their seal, and the rows of requests known before."""
    block = lock_history(one.connection)
    fresh = narrow[news].assign(event=_event_numbers(one.connection, int(news.sum())))
    latest = fresh.sort_values(["valid_at", "row_no"]).drop_duplicates("request_number", keep="last")
    new = latest[~latest["source_key"].isin(met.keys())]
    first = narrow.sort_values(["valid_at", "row_no"]).drop_duplicates("request_number")
    new = new.assign(kind=new["request_number"].map(first.set_index("request_number")["kind"]))
    copy_tables(one.connection, _request_rows(one, staged, new), "request")
    copy_lines(
        one.connection, "request_event", events.COLUMNS, _ahead(_event_lines(one, staged, fresh, block))
    )
    sealed = {"block": block, "known_at": one.known_at, "run_id": one.run_id}
    if len(new) < len(latest):
        run(one.connection, "refresh_requests", {**sealed, "first_event": int(fresh["event"].min())})
    run(one.connection, "seal_block", sealed)


def _event_numbers(connection: Connection, many: int) -> range:
    """Take the next event numbers; whoever holds the lock of the history is the only one."""
    first = connection.scalar(text("SELECT nextval(pg_get_serial_sequence('request_event', 'event'))"))
    last = first + many - 1
    query = text("SELECT setval(pg_get_serial_sequence('request_event', 'event'), :last)")
    connection.execute(query, {"last": last})
    return range(first, last + 1)


def _parts(staged: Spool, chosen: pd.DataFrame) -> Iterator[tuple[pa.Table, pd.DataFrame]]:
    """Yield of every table the chosen rows, and what is known of them; `chosen` is indexed by place."""
    begin = 0
    for table in staged:
        here = chosen[(chosen.index >= begin) & (chosen.index < begin + table.num_rows)].sort_index()
        if len(here) == table.num_rows:
            yield table, here
        elif len(here):
            yield table.take(pa.array(here.index.to_numpy() - begin)), here
        begin += table.num_rows


def _request_rows(one: _Load, staged: Spool, new: pd.DataFrame) -> Iterator[pa.Table]:
    for table, here in _parts(staged, new):
        rows = table.select(["source_key", "status", *STATE_FIELDS, "raw", "valid_at"])
        more = {
            "request_number": pa.array(here["request_number"].to_numpy()),
            "kind": pa.array(here["kind"], pa.large_string()),
            "source": pa.array([one.source] * len(here), pa.large_string()),
            "last_event": pa.array(here["event"].to_numpy()),
            "recorded_at": pa.array([one.known_at] * len(here), pa.timestamp("us", "UTC")),
        }
        for name, column in more.items():
            rows = rows.append_column(name, column)
        yield rows


def _event_lines(one: _Load, staged: Spool, fresh: pd.DataFrame, block: int) -> Iterator[memoryview]:
    for table, here in _parts(staged, fresh):
        for begin in range(0, len(here), _WRITTEN):
            some = here.iloc[begin : begin + _WRITTEN]
            yield events.lines(
                table.slice(begin, _WRITTEN).combine_chunks(),
                pa.array(some["request_number"].to_numpy()),
                pa.array(some["event"].to_numpy()),
                run_id=one.run_id,
                block=block,
                at=one.known_at,
            )


def _ahead(lines: Iterator[memoryview]) -> Iterator[memoryview]:
    """Yield while the next are written: PostgreSQL reads, this process writes."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, lines, None)
        while (ready := coming.result()) is not None:
            coming = pool.submit(next, lines, None)
            yield ready


def lock_history(connection: Connection) -> int:
    """Return the number of the next block, sealed in this transaction: the chain has one writer at a time."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('governance.history'))"))
    return int(connection.scalar(text("SELECT coalesce(max(block), 0) + 1 FROM history_block")) or 1)


def append_block(connection: Connection, statement: str, parameters: dict[str, Any]) -> None:
    """Run an event-inserting statement of `sql/register/` and seal what it wrote as the next block.

    The lock is held until the transaction ends, so the chain has one writer at a time.
    """
    in_block = {**parameters, "block": lock_history(connection), "first_event": 0}
    if run(connection, statement, in_block):
        query = text("SELECT min(event) FROM request_event WHERE block = :block")
        in_block["first_event"] = connection.scalar(query, in_block)
        run(connection, "refresh_requests", in_block)
        run(connection, "seal_block", in_block)


def run(connection: Connection, statement: str, parameters: dict[str, Any]) -> int:
    """Run a statement of `sql/register/` with the parameters it names; return how many rows it wrote."""
    query = text(resources.sql(f"register/{statement}.sql"))
    known = {name: value for name, value in parameters.items() if f":{name}" in query.text}
    return int(connection.execute(query, known).rowcount)
