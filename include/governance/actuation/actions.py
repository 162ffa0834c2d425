"""The history of actions: an intent before every call, its outcome after it, all in one hash chain."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from governance import resources
from governance.actuation.plan import Call


@dataclass(frozen=True)
class Action:
    """One call that was intended: what its later events repeat. `arguments` hold times as text."""

    number: int
    action_id: str
    operation: str
    account: str
    region: str
    rule: str
    request_number: int | None
    arguments: dict[str, Any]


@dataclass(frozen=True)
class History:
    """Appends events as of `at` (the run's `now`), told by `actor`. Each is committed before it returns."""

    engine: Engine
    at: datetime
    actor: str

    def intend(self, call: Call, because: dict[str, Any]) -> Action:
        """Write down what is about to be called, and why; return the action."""
        with self.engine.begin() as connection:
            number = int(connection.execute(text("SELECT nextval('action_seq')")).scalar_one())
            name = f"ACT-{number:06d}"
            action = Action(number, name, call.operation, call.account, call.region, call.rule,
                            call.request_number, call.arguments(name))  # fmt: skip
            self._append(connection, action, "intended", {"arguments": action.arguments, **because})
        return action

    def tell(self, action: Action, phase: str, detail: dict[str, Any]) -> None:
        """Write down what became of an action: answered, refused, unclear or found."""
        with self.engine.begin() as connection:
            self._append(connection, action, phase, detail)

    def unsettled(self) -> list[Action]:
        """Return the actions of which nobody knows what became, oldest first."""
        with self.engine.connect() as connection:
            found = connection.execute(text(resources.sql("actuation/unsettled.sql"))).all()
        return [Action(*row) for row in found]

    def _append(self, connection: Connection, action: Action, phase: str, detail: dict[str, Any]) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('governance.actions'))"))
        connection.execute(
            text(resources.sql("actuation/append.sql")),
            {
                "action": action.number, "phase": phase, "at": self.at, "operation": action.operation,
                "account": action.account, "region": action.region, "rule": action.rule,
                "request_number": action.request_number, "actor": self.actor,
                "detail": json.dumps(detail, default=_plain, ensure_ascii=False),
            },
        )  # fmt: skip


def listing(
    connection: Connection, *, request_id: str | None = None, action_id: str | None = None, most: int = 100
) -> list[dict[str, Any]]:
    """Return the events of the history, newest first."""
    query = text(resources.sql("actuation/listing.sql"))
    asked = {"request_id": request_id, "action_id": action_id, "most": most}
    return [dict(row) for row in connection.execute(query, asked).mappings()]


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
