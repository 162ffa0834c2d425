"""Write additions down as issues of a GitHub repository, opened with a form, and the events behind them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from governance.sandbox.scenario import flow, malformed, people
from governance.sandbox.scenario.model import GITHUB, Planted, Ticket
from governance.sandbox.scenario.planted_tickets import PAYMENTS_ACCOUNT, berlin
from governance.sandbox.scenario.tickets import TicketDesk

Issue = dict[str, Any]

ADDITIONS = 14
REPOSITORY = "example-org/platform-requests"
SITE = "https://github.example.com"
_LABELS = {
    "needs_information": "status: needs information", "in_review": "status: in review",
    "approved": "status: approved", "rejected": "status: rejected", "in_progress": "status: in progress",
    "failed": "status: failed",
}  # fmt: skip
_CLOSED = {"fulfilled": "completed", "rejected": "not_planned", "withdrawn": "not_planned"}

DEFECTS: dict[str, tuple[str, Callable[[Issue], None]]] = {
    "github-heading-twice": (
        "the requester wrote a second Risk level into the form",
        lambda issue: issue.update(body=issue["body"] + "\n\n### Risk level\n\nlow"),
    ),
    "github-unknown-risk": (
        "risk level catastrophic does not exist",
        lambda issue: issue.update(body=_answered(issue["body"], "Risk level", "catastrophic")),
    ),
    "github-empty-body": ("somebody emptied the issue: no target", lambda issue: issue.update(body=None)),
}


@dataclass(frozen=True)
class CodeRequests:
    """The issues, pull requests among them, and the right answers."""

    issues: list[Issue] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)


def build(random: Random, desk: TicketDesk) -> CodeRequests:
    """Return everyday additions, a planted one, one for each defect, and two pull requests."""
    tickets = [desk.addition(at, "jira") for at in flow.arrivals(random, ADDITIONS)]
    tickets.append(_owned(desk))
    for defect, at in zip(DEFECTS, flow.arrivals(random, len(DEFECTS)), strict=True):
        drawn = desk.addition(at, "jira")
        tickets.append(replace(drawn, steps=[(at, "submitted", drawn.requester)], defect=defect))
    found = CodeRequests()
    for number, ticket in enumerate(sorted(tickets, key=lambda one: (one.submitted_at, one.title)), start=1):
        issue = _issue(number, ticket)
        found.planted.extend(replace(answer, key=str(number)) for answer in ticket.planted)
        if ticket.defect in DEFECTS:
            why, spoil = DEFECTS[ticket.defect]
            spoil(issue)
            found.planted.append(malformed.expectation(GITHUB, ticket.defect, why, str(number)))
        found.issues.append(issue)
    pulls = [_pull_request(len(tickets) + 1 + n, berlin(10, 5 + n)) for n in range(2)]
    found.issues.extend(pulls)
    found.planted.append(malformed.total(GITHUB, len(DEFECTS)))
    return found


def _owned(desk: TicketDesk) -> Ticket:
    """An addition to an account whose owner is known."""
    drawn = desk.addition(berlin(7, 6), "jira")
    why = "accounts 30 to 39 are payments"
    answer = Planted("github-owner", drawn.title, "owner", why, GITHUB, recipient=people.PAYMENTS, owned=True)
    hours = (
        (9, "submitted", drawn.requester),
        (12, "approved", people.PAYMENTS),
        (16, "fulfilled", drawn.assignee),
    )
    steps = [(berlin(7, 6, hour), status, who) for hour, status, who in hours]
    return replace(
        drawn, account=PAYMENTS_ACCOUNT, target=f"account/{PAYMENTS_ACCOUNT}/sqs/settlement", steps=steps,
        target_type="resource", planted=(answer,),
    )  # fmt: skip


def _issue(number: int, ticket: Ticket) -> Issue:
    issue: Issue = {
        **_address(number, "issues"),
        "title": ticket.title,
        "body": _body(ticket),
        "user": _user(ticket.requester),
        "assignee": None,
        "labels": [_label("kind: addition")],
        "state": "open",
        "state_reason": None,
        "created_at": _time(ticket.submitted_at),
        "updated_at": _time(ticket.steps[-1][0]),
        "closed_at": None,
        "comments": 3,
    }
    issue["@events"] = _Events(number, issue).write(ticket)
    return issue


class _Events:
    """The events of one issue, which leave the issue as they say."""

    def __init__(self, number: int, issue: Issue) -> None:
        self.issue, self.first_id, self.found = issue, number * 1000, list[Issue]()

    def write(self, ticket: Ticket) -> list[Issue]:
        for at, status, who in ticket.steps[1:]:
            if self.issue["assignee"] is None:
                self._add("assigned", at, who, assignee=_user(ticket.assignee))
                self.issue["assignee"] = _user(ticket.assignee)
            if status in _LABELS:
                self._relabel(at, who, _LABELS[status])
            if status == "submitted":
                self._relabel(at, who, None)
                if self.issue["state"] == "closed":
                    self._add("reopened", at, who)
                    self.issue.update(state="open", state_reason=None, closed_at=None)
            if status in _CLOSED:
                self._add("closed", at, who, state_reason=_CLOSED[status])
                self.issue.update(state="closed", state_reason=_CLOSED[status], closed_at=_time(at))
        return self.found

    def _relabel(self, at: datetime, who: str, name: str | None) -> None:
        kept = []
        for label in self.issue["labels"]:
            if label["name"].startswith("status: "):
                self._add("unlabeled", at, who, label=label)
            else:
                kept.append(label)
        if name is not None:
            self._add("labeled", at, who, label=_label(name))
            kept.append(_label(name))
        self.issue["labels"] = kept

    def _add(self, event: str, at: datetime, who: str, **traits: Any) -> None:
        told = {
            "id": self.first_id + len(self.found),
            "event": event,
            "actor": _user(who),
            "created_at": _time(at),
        }
        self.found.append({**told, **traits})


def _body(ticket: Ticket) -> str:
    """What GitHub writes down of a filled form."""
    answers = {
        "Contact": ticket.requester,
        "Description": ticket.description,
        "Target": ticket.target,
        "Target type": ticket.target_type,
        "What is added": ticket.thing_type or "",
        "Specification": f"```json\n{json.dumps(ticket.thing, sort_keys=True)}\n```",
        "Risk level": ticket.risk_level,
        "Benefit": ticket.benefit,
        "Risk": ticket.risk,
        "Risk if denied": ticket.risk_if_denied,
        "Before you ask": "- [X] I have read the charter\n- [ ] I have talked to the owner",
    }
    return "\n\n".join(f"### {heading}\n\n{answer or '_No response_'}" for heading, answer in answers.items())


def _answered(body: str, heading: str, answer: str) -> str:
    """A body with another answer under one heading."""
    parts = [part.partition("\n\n") for part in body.split("### ")[1:]]
    return "\n\n".join(
        f"### {name}\n\n{answer if name == heading else told.strip()}" for name, _, told in parts
    )


def _pull_request(number: int, at: datetime) -> Issue:
    """GitHub lists pull requests among the issues."""
    return {
        **_address(number, "pull"), "title": "Bump the version of a module", "body": None,
        "user": _user(people.ENGINEERS[0]), "assignee": None, "labels": [], "state": "open",
        "state_reason": None, "created_at": _time(at), "updated_at": _time(at), "closed_at": None,
        "pull_request": {"url": f"{SITE}/api/v3/repos/{REPOSITORY}/pulls/{number}"}, "@events": [],
    }  # fmt: skip


def _address(number: int, kind: str) -> Issue:
    page = f"{SITE}/{REPOSITORY}/{kind}/{number}"
    return {"id": 500000 + number, "node_id": f"I_{number:06d}", "number": number, "html_url": page}


def _user(address: str) -> Issue:
    name = address.split("@", maxsplit=1)[0].replace(".", "-")
    return {"login": name, "id": sum(map(ord, name)), "type": "User", "site_admin": False}


def _label(name: str) -> Issue:
    return {"id": sum(map(ord, name)), "name": name, "color": "ededed"}


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
