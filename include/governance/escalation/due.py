"""Which rungs of the ladder are due now: computed from history and ledger, never from the last run's time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import Connection, Row, text

from governance import resources
from governance.escalation import clock
from governance.escalation.ladder import Rung
from governance.escalation.policies import Policies
from governance.escalation.recipients import Accountable, accountable
from governance.register.business_time import business_time

CLOCK: Literal["decision"] = "decision"


@dataclass(frozen=True)
class Step:
    """A rung and the instant it falls due."""

    rung: Rung
    at: datetime


@dataclass(frozen=True)
class Due:
    """A request with a rung to tell now. `overdue` is in business hours, negative before the deadline."""

    request: Row[Any]
    who: Accountable
    cycle: int
    tell: Step
    superseded: tuple[Step, ...]
    following: Step | None
    due_at: datetime
    overdue: float
    agreed: float
    day_hours: float
    risk_level: str

    @property
    def risk_is_assumed(self) -> bool:
        """Tell whether the request itself names no risk level."""
        return self.request.risk_level is None

    def key(self, step: Step | None = None) -> str:
        """The ledger key of a step (default: the one to tell), as text."""
        return f"{self.request.request_number}/{CLOCK}/{self.cycle}/{(step or self.tell).rung.rung}"


def due(connection: Connection, policies: Policies, now: datetime) -> list[Due]:
    """Return every request with an unrecorded rung due at `now`, the most overdue first.

    A request that waits on its requester is left alone; a rung it reached before is told when it comes back.
    """
    histories = _by_request(connection, "undecided_history", {"now": now})
    ledger = _by_request(connection, "ledger", {"clock": CLOCK})
    found = [
        item
        for request in connection.execute(text(resources.sql("escalation/undecided.sql")), {"now": now})
        if (item := _judge(request, histories[request.request_number], ledger, policies, now))
    ]
    return sorted(found, key=lambda item: (-item.overdue, item.request.request_number))


def _by_request(connection: Connection, query: str, parameters: dict[str, Any]) -> dict[int, list[Row[Any]]]:
    rows = connection.execute(text(resources.sql(f"escalation/{query}.sql")), parameters)
    grouped: dict[int, list[Row[Any]]] = defaultdict(list)
    for number, group in groupby(rows, key=lambda row: int(row.request_number)):
        grouped[number] = list(group)
    return grouped


def _judge(
    request: Row[Any],
    events: list[Row[Any]],
    ledger: dict[int, list[Row[Any]]],
    policies: Policies,
    now: datetime,
) -> Due | None:
    running = clock.read([(event.valid_at, event.status) for event in events], request.submitted_at)
    if running is None or running.is_stopped:
        return None
    who = _accountable(request, policies)
    calendar = policies.calendars[who.rule.calendar]
    time = business_time(calendar, who.rule.timezone)
    agreed = policies.response_times.agreed(request.kind, CLOCK, request.risk_level)
    steps = [
        Step(rung, running.reached(time, agreed * rung.at_percent / 100)) for rung in policies.ladder.decision
    ]
    cycle, told = _cycle(running, ledger[request.request_number])
    untold = _untold(steps, told, now)
    if not untold:
        return None
    return Due(
        request=request,
        who=who,
        cycle=cycle,
        tell=untold[-1],
        superseded=tuple(untold[:-1]),
        following=next((step for step in steps if step.at > now), None),
        due_at=running.reached(time, agreed),
        overdue=running.worked(time, now) - agreed,
        agreed=agreed,
        day_hours=calendar.day_hours,
        risk_level=request.risk_level or policies.response_times.missing_risk,
    )


def _accountable(request: Row[Any], policies: Policies) -> Accountable:
    return accountable(
        policies.ownership,
        owner=request.owner,
        owner_rule=request.owner_rule,
        target_type=request.target_type,
        target=request.target,
    )


def _untold(steps: list[Step], told: set[str], now: datetime) -> list[Step]:
    """Steps due at `now` above everything told so far: nobody is reminded after a manager was told."""
    highest = max((step.rung.at_percent for step in steps if step.rung.rung in told), default=0)
    return [step for step in steps if step.at <= now and step.rung.at_percent > highest]


def _cycle(running: clock.Clock, recorded: list[Row[Any]]) -> tuple[int, set[str]]:
    """Return the ledger's number for this stretch of waiting, and the rungs recorded in it.

    What was recorded since the stretch began belongs to it, whatever its number: history that arrives late
    may show more stretches than were known, and must not make anybody hear the same again.
    """
    here = [entry for entry in recorded if entry.as_of >= running.began]
    if here:
        return here[-1].cycle, {entry.rung for entry in here}
    return max([running.number, *(entry.cycle + 1 for entry in recorded)]), set()
