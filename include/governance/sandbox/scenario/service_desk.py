"""Write changes down as a ServiceNow keeps them: rows of `change_request`, and `sys_audit` behind them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from governance.sandbox.scenario import flow, malformed, people
from governance.sandbox.scenario.model import BERLIN, SERVICENOW, Planted, Ticket
from governance.sandbox.scenario.planted_tickets import PAYMENTS_ACCOUNT, berlin
from governance.sandbox.scenario.tickets import TicketDesk

Row = dict[str, Any]

CHANGES = 15
SITE = "https://servicenow.example.com"
_STATES = {
    "submitted": ("-5", "New"), "needs_information": ("-6", "Awaiting Information"),
    "in_review": ("-4", "Assess"), "approved": ("-2", "Scheduled"), "rejected": ("5", "Rejected"),
    "withdrawn": ("4", "Canceled"), "in_progress": ("-1", "Implement"), "fulfilled": ("0", "Review"),
    "failed": ("6", "Failed"),
    "closed": ("3", "Closed"),
}  # fmt: skip
_RISKS = {
    "critical": ("1", "Very High"),
    "high": ("2", "High"),
    "medium": ("3", "Moderate"),
    "low": ("4", "Low"),
}

DEFECTS: dict[str, tuple[str, Callable[[Row], None]]] = {
    "servicenow-unknown-state": (
        "state 99 is none of ours",
        lambda row: row.update(state=_choice("99", "Parked")),
    ),
    "servicenow-window-backwards": (
        "the window ends before it starts",
        lambda row: row.update(start_date=row["end_date"], end_date=row["start_date"]),
    ),
    "servicenow-no-title": ("the short description is empty", lambda row: row.update(short_description="")),
}


@dataclass(frozen=True)
class ServiceDesk:
    """Table -> rows, and the right answers."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    planted: list[Planted] = field(default_factory=list)


def build(random: Random, desk: TicketDesk) -> ServiceDesk:
    """Return everyday changes, planted ones, and one for each defect."""
    tickets = [desk.change(at) for at in flow.arrivals(random, CHANGES)]
    tickets += [_bypassed(desk), _owned(desk)]
    for defect, at in zip(DEFECTS, flow.arrivals(random, len(DEFECTS)), strict=True):
        drawn = desk.change(at)
        tickets.append(replace(drawn, steps=[(at, "submitted", drawn.requester)], defect=defect))
    found = ServiceDesk({"change_request": [], "sys_audit": []})
    for number, ticket in enumerate(sorted(tickets, key=lambda one: (one.submitted_at, one.title)), start=1):
        row = _row(number, ticket)
        found.tables["sys_audit"] += _audit(row["sys_id"], ticket, row)
        found.planted.extend(replace(answer, key=row["number"]) for answer in ticket.planted)
        if ticket.defect in DEFECTS:
            why, spoil = DEFECTS[ticket.defect]
            spoil(row)
            found.planted.append(malformed.expectation(SERVICENOW, ticket.defect, why, row["number"]))
        found.tables["change_request"].append(row)
    found.planted.append(malformed.total(SERVICENOW, len(DEFECTS)))
    return found


def _bypassed(desk: TicketDesk) -> Ticket:
    """A change that was implemented although nobody approved it."""
    drawn = desk.change(berlin(9, 8))
    steps = [
        (berlin(9, 8), "submitted", drawn.requester),
        (berlin(9, 9), "in_progress", drawn.assignee),
        (berlin(9, 9, 15), "fulfilled", drawn.assignee),
    ]
    why = "implemented, and never approved"
    answer = Planted(
        "servicenow-never-approved", drawn.title, "finding", why, SERVICENOW, finding_type="PROCESS_BYPASS"
    )
    return replace(drawn, steps=steps, planted=(answer,))


def _owned(desk: TicketDesk) -> Ticket:
    """A change of an account whose owner is known."""
    drawn = desk.change(berlin(6, 3))
    why = "accounts 30 to 39 are payments"
    answer = Planted(
        "servicenow-owner", drawn.title, "owner", why, SERVICENOW, recipient=people.PAYMENTS, owned=True
    )
    hours = (
        (9, "submitted", drawn.requester),
        (11, "approved", people.PAYMENTS),
        (15, "fulfilled", drawn.assignee),
    )
    steps = [(berlin(6, 3, hour), status, who) for hour, status, who in hours]
    target = f"account/{PAYMENTS_ACCOUNT}/rds/settlement"
    return replace(
        drawn, account=PAYMENTS_ACCOUNT, target=target, target_type="resource", approver=people.PAYMENTS,
        steps=steps, planted=(answer,),
    )  # fmt: skip


def _row(number: int, ticket: Ticket) -> Row:
    created, decided = ticket.submitted_at, ticket.time_of("approved", "rejected")
    # Every sixth was written down before it was opened: the desk fills the form in during a call.
    opened = created + timedelta(minutes=40) if number % 6 == 0 else created
    window = ticket.window or (None, None)
    approver = ticket.approver if decided else None
    return {
        "sys_id": _id("change_request", str(number)),
        "number": f"CHG{30000 + number:07d}",
        "short_description": ticket.title,
        "description": ticket.description,
        "state": _choice(*_STATES[ticket.steps[-1][1]]),
        "risk": _choice(*_RISKS[ticket.risk_level]),
        "requested_by": _person(ticket.requester),
        "requested_by.email": ticket.requester,
        "assigned_to": _person(ticket.assignee if len(ticket.steps) > 1 else None),
        "assigned_to.email": ticket.assignee if len(ticket.steps) > 1 else "",
        "u_approver": _person(approver),
        "u_approver.email": approver or "",
        "u_target": ticket.target,
        "u_target_type": ticket.target_type,
        "justification": ticket.benefit,
        "risk_impact_analysis": ticket.risk,
        "u_risk_if_denied": ticket.risk_if_denied,
        "u_runbook": ticket.runbook or "",
        "start_date": _time(window[0]),
        "end_date": _time(window[1]),
        "opened_at": _time(opened),
        "sys_created_on": _time(created),
        "sys_created_by": _user(ticket.requester),
        "sys_updated_on": _time(ticket.steps[-1][0]),
        "sys_updated_by": _user(ticket.steps[-1][2]),
    }


def _audit(sys_id: str, ticket: Ticket, row: Row) -> list[Row]:
    """Return a row for each change of state, and for approver and assignee when they are first named."""
    found: list[Row] = []
    named: set[str] = set()
    for (_, before, _), (at, status, who) in zip(ticket.steps, ticket.steps[1:], strict=False):
        changes = [("state", _STATES[before][0], _STATES[status][0])]
        if "assigned_to" not in named:
            changes.append(("assigned_to", "", row["assigned_to"]["value"]))
        if status in ("approved", "rejected") and "u_approver" not in named:
            changes.append(("u_approver", "", row["u_approver"]["value"]))
        for name, old, new in changes:
            named.add(name)
            found.append(
                {
                    "sys_id": _id(sys_id, f"{len(found):04d}"), "tablename": "change_request",
                    "documentkey": sys_id, "fieldname": name, "oldvalue": old, "newvalue": new,
                    "user": _user(who), "sys_created_on": _time(at)["value"],
                }
            )  # fmt: skip
    return found


def _time(at: datetime | None) -> Row:
    """Stored in UTC, shown on the clock and in the format of the user."""
    if at is None:
        return {"value": "", "display_value": ""}
    shown = f"{at.astimezone(BERLIN):%d.%m.%Y %H:%M:%S}"
    return {"value": f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}", "display_value": shown}


def _choice(value: str, shown: str) -> Row:
    return {"value": value, "display_value": shown}


def _person(address: str | None) -> Row:
    if address is None:
        return {"value": "", "display_value": ""}
    sys_id = _id("sys_user", address)
    link = f"{SITE}/api/now/table/sys_user/{sys_id}"
    return {"value": sys_id, "display_value": people.display_name(address), "link": link}


def _user(address: str) -> str:
    return address.split("@", maxsplit=1)[0]


def _id(table: str, name: str) -> str:
    return hashlib.sha256(f"{table}/{name}".encode()).hexdigest()[:32]
