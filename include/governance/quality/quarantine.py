"""Quarantine: records that failed the gate, as they came, with every reason, until somebody decides."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from governance import resources
from governance.errors import GovernanceError


@dataclass(frozen=True)
class Item:
    """One record to keep back. `raw` and `mapped` are JSON text; `reasons` a list of plain dicts."""

    raw_hash: bytes
    locator: str
    source_key: str | None
    raw: str
    mapped: str | None
    reasons: list[dict[str, str]]


def store(connection: Connection, source: str, run_id: int, items: Iterable[Item], now: datetime) -> None:
    """Keep items; one that is already there is seen again, with today's reasons, and opened if it was closed.

    Identical records of one pull are told apart by their occurrence. A discarded record stays discarded.
    """
    seen: Counter[bytes] = Counter()
    statement = text(resources.sql("intake/quarantine.sql"))
    for item in items:
        seen[item.raw_hash] += 1
        connection.execute(
            statement,
            {
                "source": source,
                "raw_hash": item.raw_hash,
                "occurrence": seen[item.raw_hash],
                "locator": item.locator,
                "source_key": item.source_key,
                "raw": item.raw,
                "mapped": item.mapped,
                "reasons": reasons_text(item),
                "run_id": run_id,
                "now": now,
            },
        )


def reasons_text(item: Item) -> str:
    """JSON text of an item's reasons."""
    return json.dumps(item.reasons)


def listing(connection: Connection, source: str | None = None, status: str = "open") -> list[dict[str, Any]]:
    """Return items, oldest first, with their reasons in words."""
    query = text(
        "SELECT item, source, locator, source_key, arrived_at, status, reasons FROM quarantine"
        " WHERE (CAST(:source AS text) IS NULL OR source = :source)"
        " AND (:status = 'all' OR status = :status) ORDER BY item"
    )
    rows = connection.execute(query, {"source": source, "status": status})
    return [dict(row) for row in rows.mappings()]


def show(connection: Connection, item: int) -> dict[str, Any]:
    """Return everything about one item; raise GovernanceError where there is none of that number."""
    row = (
        connection.execute(text("SELECT * FROM quarantine WHERE item = :item"), {"item": item})
        .mappings()
        .first()
    )
    if row is None:
        raise GovernanceError(f"quarantine holds no item {item}: see `governance quarantine list`")
    return {name: value for name, value in row.items() if name != "raw_hash"}


def discard(connection: Connection, item: int, *, reason: str, by: str, now: datetime) -> None:
    """Decide that a record is no request. The record and the reason stay."""
    _resolve(connection, [item], "discarded", reason, by, now)


def resolve_replayed(connection: Connection, items: list[int], *, by: str, now: datetime) -> None:
    """Mark items whose records have been loaded."""
    if items:
        _resolve(connection, items, "replayed", "loaded after a fix", by, now)


def _resolve(
    connection: Connection, items: list[int], status: str, resolution: str, by: str, now: datetime
) -> None:
    statement = text(
        "UPDATE quarantine SET status = :status, resolved_at = :now, resolved_by = :by,"
        " resolution = :resolution WHERE item = ANY(:items) AND status = 'open'"
    )
    parameters = {"status": status, "now": now, "by": by, "resolution": resolution, "items": items}
    if connection.execute(statement, parameters).rowcount != len(items):
        raise GovernanceError(f"items {items}: found some that are not open, expected open ones")
