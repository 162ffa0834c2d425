"""Write tickets down as a Jira Cloud project does: the current fields and the changelog behind them."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

from governance.sandbox.scenario import people
from governance.sandbox.scenario.model import BERLIN, Ticket

Issue = dict[str, Any]

PROJECT = "GOV"
SITE = "https://jira.example.com"

_STATUS = {
    "submitted": "Open", "needs_information": "Waiting for requester", "in_review": "In Review",
    "approved": "Approved", "rejected": "Declined", "withdrawn": "Cancelled", "in_progress": "Implementing",
    "fulfilled": "Done", "failed": "Failed", "closed": "Closed",
}  # fmt: skip
_STATUS_ID = {name: str(10001 + n) for n, name in enumerate(_STATUS.values())}
_RISK_ID = {"Low": "10101", "Medium": "10102", "High": "10103", "Critical": "10104"}
_RESOLVED = ("rejected", "withdrawn", "fulfilled", "closed")

FIELDS = {
    "customfield_10011": "Risk level", "customfield_10012": "Target", "customfield_10013": "Target type",
    "customfield_10014": "Benefit", "customfield_10015": "Risk", "customfield_10016": "Risk if denied",
    "customfield_10017": "Window start", "customfield_10018": "Window end", "customfield_10019": "Runbook",
    "customfield_10020": "Thing type", "customfield_10021": "Thing", "customfield_10022": "Targets",
    "customfield_10023": "Approver",
}  # fmt: skip


def timestamp(at: datetime) -> str:
    """`2026-03-05T10:11:12.000+0100`, as Jira writes it."""
    return at.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M:%S.000%z")


def user(address: str) -> dict[str, Any]:
    """A Jira user; the account id follows from the address."""
    account_id = hashlib.sha256(address.encode()).hexdigest()[:24]
    name = people.display_name(address)
    return {"accountId": account_id, "emailAddress": address, "displayName": name, "active": True}


def write(random: Random, tickets: list[Ticket]) -> list[Issue]:
    """Return the issues of `tickets`, numbered in the order given."""
    return [write_one(random, number, ticket) for number, ticket in enumerate(tickets, start=1)]


def write_one(random: Random, number: int, ticket: Ticket) -> Issue:
    """Return one issue with its number."""
    history = _Changelog(random, number)
    fields = _fields(ticket)
    history.write(ticket, fields)
    fields["updated"] = history.entries[-1]["created"] if history.entries else fields["created"]
    return {
        "id": str(10000 + number),
        "key": f"{PROJECT}-{number}",
        "self": f"{SITE}/rest/api/3/issue/{10000 + number}",
        "fields": fields,
        "changelog": {
            "startAt": 0,
            "maxResults": len(history.entries),
            "total": len(history.entries),
            "histories": history.entries[::-1],
        },
    }


def _fields(ticket: Ticket) -> dict[str, Any]:
    status = ticket.steps[-1][1]
    decided = ticket.time_of("approved", "rejected")
    resolved = ticket.time_of(*_RESOLVED) if status in (*_RESOLVED, "failed") else None
    window = ticket.window or (None, None)
    due = (ticket.submitted_at + timedelta(days=30)).astimezone(BERLIN).date()
    return {
        "summary": ticket.title,
        "description": f"{ticket.description}\n\nRequested for account {ticket.account}.",
        "issuetype": {"name": ticket.kind.capitalize(), "subtask": False},
        "status": {"name": _STATUS[status], "id": _STATUS_ID[_STATUS[status]]},
        "reporter": user(ticket.requester),
        "assignee": user(ticket.assignee) if len(ticket.steps) > 1 else None,
        "created": timestamp(ticket.submitted_at),
        "updated": "",
        "duedate": due.isoformat(),
        "resolutiondate": timestamp(resolved) if resolved else None,
        "labels": [ticket.thing_type or "change"],
        "customfield_10011": {"value": ticket.risk_level.capitalize()},
        "customfield_10012": ticket.target,
        "customfield_10013": {"value": ticket.target_type},
        "customfield_10014": ticket.benefit,
        "customfield_10015": ticket.risk,
        "customfield_10016": ticket.risk_if_denied,
        "customfield_10017": timestamp(window[0]) if window[0] else None,
        "customfield_10018": timestamp(window[1]) if window[1] else None,
        "customfield_10019": ticket.runbook,
        "customfield_10020": {"value": ticket.thing_type} if ticket.thing_type else None,
        "customfield_10021": json.dumps(ticket.thing, sort_keys=True) if ticket.thing else None,
        "customfield_10022": _targets(ticket),
        "customfield_10023": user(ticket.approver) if decided else None,
    }


def _targets(ticket: Ticket) -> str | None:
    return json.dumps(list(ticket.targets) or [ticket.target]) if ticket.kind == "change" else None


class _Changelog:
    """Histories of one issue, oldest first."""

    def __init__(self, random: Random, number: int) -> None:
        self.random = random
        self.first_id = 100000 + number * 40
        self.entries: list[dict[str, Any]] = []

    def write(self, ticket: Ticket, fields: dict[str, Any]) -> None:
        approver: str | None = None
        assignee: str | None = None
        for (_, before, _), (at, status, who) in zip(ticket.steps, ticket.steps[1:], strict=False):
            items = [_status_item(before, status)]
            if assignee is None:
                assignee = ticket.assignee
                items.append(_person_item("assignee", "assignee", None, assignee))
            if status in ("approved", "rejected") and approver is None:
                approver = ticket.approver
                items.append(_person_item("Approver", "customfield_10023", None, approver))
            self._append(at, who, items)
            if status == "in_review":
                self._second_thoughts(ticket, at, fields)

    def _second_thoughts(self, ticket: Ticket, at: datetime, fields: dict[str, Any]) -> None:
        """While it is in review a title is made clearer, or the risk is rated anew."""
        draw = self.random.random()
        if draw < 0.06 and ticket.risk_level in ("medium", "high"):
            old, new = ("Low", "Medium") if ticket.risk_level == "medium" else ("Medium", "High")
            item = _item("Risk level", "customfield_10011", (_RISK_ID[old], old), (_RISK_ID[new], new))
        elif draw < 0.1:
            item = _item(
                "summary", "summary", (None, fields["summary"].split(" in ")[0]), (None, fields["summary"])
            )
            if item["fromString"] == item["toString"]:
                return
        else:
            return
        self._append(at + timedelta(minutes=1), ticket.approver, [item])

    def _append(self, at: datetime, who: str, items: list[dict[str, Any]]) -> None:
        entry = {
            "id": str(self.first_id + len(self.entries)),
            "author": user(who),
            "created": timestamp(at),
            "items": items,
        }
        self.entries.append(entry)


def _item(field: str, field_id: str, old: tuple[Any, Any], new: tuple[Any, Any]) -> dict[str, Any]:
    kind = "custom" if field_id.startswith("customfield") else "jira"
    return {
        "field": field, "fieldtype": kind, "fieldId": field_id,
        "from": old[0], "fromString": old[1], "to": new[0], "toString": new[1],
    }  # fmt: skip


def _status_item(old: str, new: str) -> dict[str, Any]:
    before, after = _STATUS[old], _STATUS[new]
    return _item("status", "status", (_STATUS_ID[before], before), (_STATUS_ID[after], after))


def _person_item(field: str, field_id: str, old: str | None, new: str) -> dict[str, Any]:
    before = (user(old)["accountId"], people.display_name(old)) if old else (None, None)
    return _item(field, field_id, before, (user(new)["accountId"], people.display_name(new)))
