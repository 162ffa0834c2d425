"""What a request for an addition or a change would be held against if it were approved now.

Reconciliation itself judges it beside everything that is asked for, over the newest snapshot, as if it had
been approved at that instant; one that was approved before is judged as it is. Nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from sqlalchemy import Connection

from governance.reconciliation import engine, evidence, frames, fulfilment, fulfilment_policy, requested
from governance.reconciliation import policy as policy_files
from governance.reconciliation.fulfilment_words import thing_words
from governance.reconciliation.requested import Addition, Asked, Change, Request
from governance.register import ownership
from governance.register import thing as things
from governance.register.ownership import OwnershipPolicy

One = TypeVar("One", Addition, Change)


@dataclass(frozen=True)
class There:
    """Something in AWS that may be what an addition asks for. None: nobody can tell."""

    subject: str
    in_place: bool | None
    same: bool | None
    told: str


@dataclass(frozen=True)
class FulfilmentPreview:
    """How an addition or a change stands now, as if it were approved at `at`.

    `verdict`, `flags` and `why` are what reconciliation would say; `asks` is what it asks for, in words;
    `deciders` may decide it, by policy; `problem` says why it cannot be held against AWS; `gap` which
    evidence is missing. Of an addition `there` lists what may be it; of a change `window` is [begin, end),
    `executions` are those that belong to it. `others` ask for the same thing, or touch a target in the same
    window: request and its status.
    """

    request_id: str
    kind: str
    status: str
    at: datetime
    snapshot_id: str
    asks: str
    verdict: str
    flags: tuple[str, ...]
    why: str
    problem: str | None
    gap: str | None
    deciders: tuple[str, ...]
    others: list[tuple[str, str]]
    there: list[There]
    window: tuple[datetime | None, datetime | None] | None
    runbook: str | None
    targets: tuple[str, ...]
    executions: list[str]


def preview(
    connection: Connection, row: Any, at: datetime, policies: Path, lake: str | None = None
) -> FulfilmentPreview:
    """Return how the addition or change `row` (of `story_request.sql`) stands in the newest snapshot.

    Raises GovernanceError where there is no snapshot, DocumentError where a policy is wrong.
    """
    policy, _ = policy_files.read(policies)
    promised, owners = fulfilment_policy.read(policies), ownership.read(policies)
    additions, changes = requested.requested(connection, at, promised)
    number = int(row.request_number)
    mine: Addition | Change
    if row.kind == "change":
        mine, changes = _as_if_approved(changes, number, at)
    else:
        mine, additions = _as_if_approved(additions, number, at)
    snapshot_id = evidence.latest_snapshot(connection, at)
    decided = fulfilment.Decided(promised, owners, policy.evidence)
    with (
        evidence.opened(connection, snapshot_id, at, policy.evidence, lake) as known,
        fulfilment.earlier(connection, known, decided, lake) as before,
        engine.database() as database,
    ):
        done = fulfilment.judge(database, known, before, Asked(additions, changes), decided, at)
    verdict = next(one for one in frames.rows(done.verdicts) if one.request_number == number)
    told = json.loads(verdict.evidence)
    found = done.things[done.things.request_number == number]
    return FulfilmentPreview(
        request_id=row.request_id, kind=row.kind, status=row.status, at=at, snapshot_id=snapshot_id,
        asks=_change_words(mine) if isinstance(mine, Change) else thing_words(mine),
        verdict=verdict.verdict, flags=verdict.flags, why=verdict.why, problem=mine.problem, gap=told["gap"],
        deciders=_deciders(row, owners),
        others=_same_window(mine, changes) if isinstance(mine, Change) else _same_thing(mine, additions),
        there=[There(one.subject, _known(one.in_place), _known(one.same), one.told)
               for one in frames.rows(found)],
        window=(mine.begin, mine.end) if isinstance(mine, Change) else None,
        runbook=mine.runbook if isinstance(mine, Change) else None,
        targets=mine.targets if isinstance(mine, Change) else (),
        executions=list(told.get("named") or ()),
    )  # fmt: skip


def _as_if_approved(asked: Sequence[One], number: int, at: datetime) -> tuple[One, list[One]]:
    """Return the request as if it were approved by now, and all of them with it."""
    mine = next(one for one in asked if one.number == number)
    status = mine.status if mine.standing in ("live", "settled") else "approved"
    judged = replace(mine, standing="live", status=status, approved_at=mine.approved_at or at)
    return judged, [judged if one.number == number else one for one in asked]


def _deciders(row: Any, owners: OwnershipPolicy) -> tuple[str, ...]:
    """Return who may decide it, without whoever asked for it; as `may_decide` of the register."""
    rules = (*owners.owners, owners.authority)
    rule = next((one for one in rules if one.name == row.owner_rule), None) or owners.rule_of(row.owner or "")
    named = [
        row.owner, rule.accountable, rule.manager, *rule.delegates,
        owners.authority.accountable, owners.authority.manager, *owners.authority.delegates,
    ]  # fmt: skip
    asking = str(row.requester or "").casefold()
    return tuple(dict.fromkeys(name for name in named if name and name.casefold() != asking))


def _same_thing(mine: Addition, asked: Sequence[Addition]) -> list[tuple[str, str]]:
    if mine.thing is None:
        return []
    wanted = things.canonical(mine.thing)
    return [
        (one.request_id, one.status)
        for one in _standing(mine, asked)
        if one.thing is not None and one.thing_type == mine.thing_type
        if things.canonical(one.thing) == wanted
    ]


def _same_window(mine: Change, asked: Sequence[Change]) -> list[tuple[str, str]]:
    return [
        (one.request_id, one.status)
        for one in _standing(mine, asked)
        if set(one.targets) & set(mine.targets)
        and _before(mine.begin, one.end) and _before(one.begin, mine.end)
    ]  # fmt: skip


def _standing(mine: Request, asked: Sequence[One]) -> list[One]:
    """Return the other requests that are approved or not yet decided."""
    return [one for one in asked if one.number != mine.number and one.standing in ("live", "undecided")]


def _before(begin: datetime | None, end: datetime | None) -> bool:
    return begin is None or end is None or begin < end


def _known(value: Any) -> bool | None:
    return None if value is None or pd.isna(value) else bool(value)


def _change_words(change: Change) -> str:
    what = f"runbook {change.runbook}" if change.runbook else "a change without a runbook"
    return f"{what} on {', '.join(change.targets)}" if change.targets else what
