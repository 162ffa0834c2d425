"""Quarantine: records that failed the gate, as they came, with every reason, until somebody mends them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

import pandas as pd
from sqlalchemy import Connection, text

from governance import resources
from governance.errors import GovernanceError
from governance.quality.reasons import Reason
from governance.quality.storable import json_text
from governance.register.copying import copy_frame

Status = Literal["open", "replayed", "discarded"]
COLUMNS = ("raw_hash", "occurrence", "locator", "source_key", "raw", "mapped", "reasons")
_AT_ONCE = 20_000
"""Items that are written together."""


@dataclass(frozen=True)
class Item:
    """One record to keep back. `raw` and `mapped` are JSON text that PostgreSQL can store."""

    raw_hash: bytes
    locator: str
    source_key: str | None
    raw: str
    mapped: str | None
    reasons: Sequence[Reason]


def store(
    connection: Connection,
    source: str,
    run_id: int,
    items: Iterable[Item],
    *,
    arrived_at: datetime,
    elsewhere: Sequence[str] = (),
) -> None:
    """Keep items. One that is already there is seen again with today's reasons; its arrival stays.

    Identical records are told apart by their occurrence; those of files that lie `elsewhere`, unread by this
    run, keep theirs. What a person discarded stays discarded.
    """
    taken = _taken(connection, source, elsewhere)
    seen: Counter[bytes] = Counter()
    drawn = iter(items)
    while some := list(islice(drawn, _AT_ONCE)):
        if not seen:
            connection.execute(text(resources.sql("intake/stage_quarantine.sql")))
        rows = [_staged(item, seen, taken) for item in some]
        copy_frame(connection, pd.DataFrame(rows, columns=list(COLUMNS)), "stage_quarantine")
    if not seen:
        return
    parameters = {"source": source, "run_id": run_id, "arrived_at": arrived_at}
    connection.execute(text(resources.sql("intake/quarantine.sql")), parameters)
    connection.execute(text("DROP TABLE stage_quarantine"))


def _staged(item: Item, seen: Counter[bytes], taken: Set[tuple[bytes, int]]) -> tuple[Any, ...]:
    seen[item.raw_hash] += 1
    while (item.raw_hash, seen[item.raw_hash]) in taken:
        seen[item.raw_hash] += 1
    kept = (item.locator, item.source_key, item.raw, item.mapped, _told(item))
    return (item.raw_hash.hex(), seen[item.raw_hash], *kept)


def _taken(connection: Connection, source: str, names: Sequence[str]) -> set[tuple[bytes, int]]:
    if not names:
        return set()
    parameters = {"source": source, "names": list(names)}
    rows = connection.execute(text(resources.sql("intake/taken_occurrences.sql")), parameters)
    return {(bytes(row.raw_hash), row.occurrence) for row in rows}


def tell(connection: Connection, number: int, item: Item) -> None:
    """Replace the reasons of an item that was looked at again and stays."""
    told = {"item": number, "reasons": _told(item), "mapped": item.mapped, "source_key": item.source_key}
    connection.execute(text(resources.sql("intake/tell_again.sql")), told)


def _told(item: Item) -> str:
    return json_text([reason.as_json() for reason in item.reasons])


@dataclass(frozen=True)
class Waiting:
    """An open item, as far as a run needs to know it."""

    item: int
    raw_hash: bytes
    occurrence: int
    locator: str


def waiting(connection: Connection, source: str) -> list[Waiting]:
    """Return the open items of a source."""
    query = "SELECT item, raw_hash, occurrence, locator FROM quarantine WHERE source = :s AND status = 'open'"
    rows = connection.execute(text(query), {"s": source})
    return [Waiting(row.item, bytes(row.raw_hash), row.occurrence, row.locator) for row in rows]


def seen_in(connection: Connection, run_id: int) -> frozenset[bytes]:
    """Return the hashes of the records that a run kept back."""
    rows = connection.execute(text("SELECT raw_hash FROM quarantine WHERE last_run = :run"), {"run": run_id})
    return frozenset(bytes(row.raw_hash) for row in rows)


def listing(
    connection: Connection, *, source: str | None = None, status: Status | None = "open"
) -> list[dict[str, Any]]:
    """Return items without their raw form, oldest first; `status` None: all."""
    rows = connection.execute(
        text(resources.sql("intake/quarantine_list.sql")), {"source": source, "status": status}
    )
    return [dict(row) for row in rows.mappings()]


def show(connection: Connection, item: int) -> dict[str, Any]:
    """Return everything about one item; raises GovernanceError where there is none of that number."""
    rows = connection.execute(text("SELECT * FROM quarantine WHERE item = :item"), {"item": item})
    found = rows.mappings().first()
    if found is None:
        raise GovernanceError(f"item {item} is not in quarantine: `governance quarantine list` shows what is")
    return {name: value for name, value in found.items() if name != "raw_hash"}


def resolve(
    connection: Connection, items: Sequence[int], *, status: Status, by: str, why: str, at: datetime
) -> int:
    """Close open items and return how many there were."""
    if not items:
        return 0
    statement = text(resources.sql("intake/resolve.sql"))
    parameters = {"items": list(items), "status": status, "by": by, "why": why, "at": at}
    return int(connection.execute(statement, parameters).rowcount)


def dismiss(
    connection: Connection, source: str, run_id: int, hashes: Sequence[bytes], *, at: datetime
) -> None:
    """Close the items of records that are no requests at all, with the reason that they came with."""
    if hashes:
        parameters = {"source": source, "run_id": run_id, "hashes": list(hashes), "at": at}
        connection.execute(text(resources.sql("intake/dismiss.sql")), parameters)


def discard(connection: Connection, item: int, *, reason: str, by: str, at: datetime) -> None:
    """Decide that a record is no request. The record and the reason stay."""
    found = show(connection, item)
    if not reason.strip():
        raise GovernanceError("a record is discarded for a reason: --reason says it")
    if not resolve(connection, [item], status="discarded", by=by, why=reason, at=at):
        raise GovernanceError(
            f"item {item} is {found['status']} already, since {found['resolved_at']:%Y-%m-%d}"
        )
