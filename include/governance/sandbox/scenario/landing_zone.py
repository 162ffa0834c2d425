"""Write additions down as the landing-zone team exports them: CSV drops, one row per state of a request."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, time, timedelta

from governance.sandbox.scenario.model import BERLIN, Ticket

COLUMNS = (
    "Request No", "Subject", "Details", "Requested By", "Approver", "Assigned To", "State", "Criticality",
    "Benefit", "Risk", "Consequence If Denied", "Item Type", "Item", "Account", "Submitted", "Due", "Decided",
    "Completed", "Last Change",
)  # fmt: skip
PREFIX = "landing-zone/"
_STATE = {
    "submitted": "New", "needs_information": "Query", "in_review": "Review", "approved": "Granted",
    "rejected": "Refused", "withdrawn": "Cancelled", "in_progress": "Building", "fulfilled": "Delivered",
    "failed": "Failed", "closed": "Closed",
}  # fmt: skip
_CRITICALITY = {"low": "1-Low", "medium": "2-Medium", "high": "3-High", "critical": "4-Critical"}
_LAST_WEEK = date(2026, 11, 9)

Row = dict[str, str]


def drop_weeks() -> list[date]:
    """Return the Mondays of the weeks with a drop, oldest first: about one a month."""
    return sorted(_LAST_WEEK - timedelta(weeks=round(n * 4.4)) for n in range(14))


def write(rows: list[tuple[datetime, Row]]) -> dict[str, bytes]:
    """Put each (last change, row) into the first drop after it, taken on a Sunday at 20:00 in Berlin."""
    drops: dict[str, bytes] = {}
    left = sorted(rows, key=lambda pair: (pair[0], pair[1]["Request No"]))
    for week in drop_weeks():
        taken_at = datetime.combine(week + timedelta(days=6), time(20), BERLIN)
        chosen = [row for at, row in left if at <= taken_at]
        left = [pair for pair in left if pair[0] > taken_at]
        year, number, _ = week.isocalendar()
        drops[f"{PREFIX}{year}-W{number:02d}.csv"] = _text(chosen).encode("utf-8-sig")
    return drops


def rows_of(key: str, ticket: Ticket) -> list[tuple[datetime, Row]]:
    """Return (last change, row) for each step of a ticket."""
    return [(at, _row(key, ticket, position)) for position, (at, _, _) in enumerate(ticket.steps)]


def day_first(at: datetime | None) -> str:
    """`14.03.2026 09:30` in Berlin, `-` for none."""
    return at.astimezone(BERLIN).strftime("%d.%m.%Y %H:%M") if at else "-"


def _row(key: str, ticket: Ticket, position: int) -> Row:
    seen = Ticket(**{**vars(ticket), "steps": ticket.steps[: position + 1]})
    at, status, _ = seen.steps[-1]
    decided = seen.time_of("approved", "rejected")
    due = ticket.submitted_at + timedelta(days=21)
    return {
        "Request No": key,
        "Subject": ticket.title,
        "Details": ticket.description,
        "Requested By": ticket.requester,
        "Approver": ticket.approver if decided else "-",
        "Assigned To": ticket.assignee if position else "-",
        "State": _STATE[status],
        "Criticality": _CRITICALITY[ticket.risk_level],
        "Benefit": ticket.benefit,
        "Risk": ticket.risk,
        "Consequence If Denied": ticket.risk_if_denied,
        "Item Type": ticket.thing_type or "-",
        "Item": json.dumps(ticket.thing, sort_keys=True),
        "Account": ticket.account,
        "Submitted": day_first(ticket.submitted_at),
        "Due": day_first(due),
        "Decided": day_first(decided),
        "Completed": day_first(seen.time_of("fulfilled")),
        "Last Change": day_first(at),
    }


def _text(rows: list[Row]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    # A row that was cut off on its way ends where its cells end.
    writer.writerows([row[name] for name in COLUMNS if name in row] for row in rows)
    return buffer.getvalue()
