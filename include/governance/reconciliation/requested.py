"""Which additions and changes the register knows, and which of them reconciliation has to judge.

Live are those that are approved or in progress, and for `verify_days` those that are said to be fulfilled,
closed after that, or failed. Later they are settled: nobody judges them again, and what they asked for stays
requested. What was never approved stands behind nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError
from sqlalchemy import Connection, text

from governance import resources
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.fulfilment_policy import FulfilmentPolicy
from governance.register import thing as things
from governance.register.request import UNDECIDED

Standing = Literal["live", "settled", "undecided", "refused"]


@dataclass(frozen=True)
class Request:
    """What additions and changes have in common. Instants are UTC.

    `claimed_at`: when its source says that it was fulfilled. `problem`: why it cannot be held against AWS, in
    words.
    """

    number: int
    request_id: str
    source_key: str
    status: str
    standing: Standing
    owner: str | None
    risk_level: str | None
    approved_at: datetime | None
    claimed_at: datetime | None
    problem: str | None


@dataclass(frozen=True)
class Addition(Request):
    """`thing` is None where `problem` says why; `due_at` is when it should be there at the latest.

    `was_there`: an earlier reconciliation found it.
    """

    thing_type: str | None
    thing: things.Thing | None
    due_at: datetime | None
    was_there: bool = False


@dataclass(frozen=True)
class Change(Request):
    """The window is half-open, [begin, end); None: open on that side. No targets: none were named."""

    begin: datetime | None
    end: datetime | None
    runbook: str | None
    targets: tuple[str, ...]


class Asked(NamedTuple):
    """Everything that is judged together. `exceptions` are those that are live: one from a policy may have
    taken it from where it was asked for."""

    additions: list[Addition]
    changes: list[Change]
    exceptions: Sequence[LiveException] = ()


def requested(
    connection: Connection, now: datetime, policy: FulfilmentPolicy
) -> tuple[list[Addition], list[Change]]:
    """Return the additions and the changes that are known at `now`, each by number."""
    rows = connection.execute(text(resources.sql("reconciliation/requested.sql")), {"now": now}).all()
    verified = timedelta(days=policy.verify_days)
    additions = [_addition(row, _standing(row, now, verified)) for row in rows if row.kind == "addition"]
    changes = [_change(row, _standing(row, now, verified)) for row in rows if row.kind == "change"]
    return additions, changes


def _standing(row: Any, now: datetime, verified: timedelta) -> Standing:
    if row.status in UNDECIDED:
        return "undecided"
    if row.status in ("approved", "in_progress"):
        return "live"
    if row.status in ("rejected", "withdrawn", "revoked"):
        return "refused"
    if row.status == "closed" and row.fulfilled_at is None:
        return "settled" if row.approved_at else "refused"
    done = row.fulfilled_at or row.closed_at
    return "live" if done is not None and now < done + verified else "settled"


def _common(row: Any, standing: Standing) -> dict[str, Any]:
    return {
        "number": row.request_number, "request_id": row.request_id, "source_key": row.source_key,
        "status": row.status, "standing": standing, "owner": row.owner, "risk_level": row.risk_level,
        "approved_at": row.approved_at,
        "claimed_at": row.fulfilled_at if row.status in ("fulfilled", "closed") else None,
    }  # fmt: skip


def _addition(row: Any, standing: Standing) -> Addition:
    thing, problem = None, None
    if row.thing_type is None or row.thing is None:
        problem = "it does not say what exactly is asked for"
    else:
        try:
            thing = things.read(row.thing_type, row.thing)
        except ValidationError as error:
            detail = error.errors()[0]
            place = ".".join(str(part) for part in detail["loc"])
            problem = f"what is asked for is malformed: {place or row.thing_type}: {detail['msg']}"
    return Addition(
        **_common(row, standing), problem=problem, thing_type=row.thing_type, thing=thing, due_at=row.due_at,
        was_there=row.was_there,
    )  # fmt: skip


def _change(row: Any, standing: Standing) -> Change:
    targets = row.targets if isinstance(row.targets, list) else []
    return Change(
        **_common(row, standing),
        problem=None,
        begin=row.window_start,
        end=row.window_end,
        runbook=row.runbook,
        targets=tuple(str(one) for one in targets),
    )
