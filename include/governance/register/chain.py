"""The chain of the history: one writer at a time numbers, writes and seals."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from governance import resources


def lock_history(connection: Connection) -> int:
    """Return the number of the next block, sealed in this transaction: the chain has one writer at a time."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('governance.history'))"))
    return int(connection.scalar(text("SELECT coalesce(max(block), 0) + 1 FROM history_block")) or 1)


def next_of(connection: Connection, sequence: str, many: int) -> range:
    """Take the next numbers of a sequence; whoever holds the lock of the history is the only one who does."""
    first = int(connection.scalar(text("SELECT nextval(:sequence)"), {"sequence": sequence}) or 0)
    last = first + many - 1
    connection.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})
    return range(first, last + 1)


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
