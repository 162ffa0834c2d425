"""Look requests up: one with its history, as of an instant, or a list of them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from governance import resources
from governance.errors import GovernanceError


def find(connection: Connection, request_id: str, at: datetime) -> dict[str, Any]:
    """Return a request as it was true at `at`; raises GovernanceError where there is none of that id."""
    if re.fullmatch(r"(ADD|CHG|EXC)-\d{6,}", request_id) is None:
        raise GovernanceError(f"request {request_id!r}: expected an id such as EXC-000123")
    found = _rows(connection, "find_request", request_id=request_id, at=at)
    if not found:
        raise GovernanceError(f"the register knows no {request_id} as of {at:%Y-%m-%d %H:%M} UTC")
    return found[0]


def history(connection: Connection, number: int, at: datetime) -> list[dict[str, Any]]:
    """Return the steps of a request up to `at`, oldest first."""
    return _rows(connection, "request_history", number=number, at=at)


def listing(
    connection: Connection,
    *,
    kind: str | None = None,
    status: str | None = None,
    source: str | None = None,
    owner: str | None = None,
    most: int = 100,
) -> list[dict[str, Any]]:
    """Return requests, newest first; None restricts nothing."""
    return _rows(connection, "list_requests", kind=kind, status=status, source=source, owner=owner, most=most)


def by_key(connection: Connection, source: str, source_key: str) -> dict[str, Any] | None:
    """Return id, status and first raw record of the request with that natural key, None without one."""
    query = text(
        "SELECT r.request_id, r.status, e.raw::json AS raw"
        " FROM request r JOIN request_event e USING (request_number)"
        " WHERE r.source = :source AND r.source_key = :key ORDER BY e.event LIMIT 1"
    )
    row = connection.execute(query, {"source": source, "key": source_key}).mappings().first()
    return None if row is None else dict(row)


def _rows(connection: Connection, name: str, **parameters: Any) -> list[dict[str, Any]]:
    statement = text(resources.sql(f"register/{name}.sql"))
    return [dict(row) for row in connection.execute(statement, parameters).mappings()]


def evidence(connection: Connection, source: str, source_key: str, at: datetime) -> list[dict[str, Any]]:
    """Return the files that came with the records of a request up to an instant, oldest first."""
    return _rows(connection, "evidence_of", source=source, source_key=source_key, at=at)
