"""From an issue and its events to what was true at each change: states are walked backwards from today's.

Events of one person at one second are one change: whoever swaps a label takes one off and puts one on. Events
say nothing about the body, so that every state shows the body as it is now.
https://docs.github.com/en/rest/using-the-rest-api/issue-event-types
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from governance.intake.records import Raw

EVENTS = "@events"
"""Where a record keeps the events of its issue, oldest first."""
STATES = ("open", "closed as completed", "closed as not planned", "closed as duplicate", "closed")
_TELLING = ("labeled", "unlabeled", "closed", "reopened", "assigned", "unassigned", "renamed", "transferred")


def states(issue: Raw) -> Iterator[tuple[Raw, datetime, str | None, list[Raw]]]:
    """Yield (issue as it was, since when, who did it, events), newest first; the last is its opening."""
    now = {name: value for name, value in issue.items() if name != EVENTS}
    changes = _changes(issue)
    reasons = _reasons(changes)
    for at, who, events in reversed(changes):
        yield now, at, who, events
        for event in reversed(events):
            now = _before(now, event, reasons)
    yield now, instant(issue["created_at"]), login(issue.get("user")), []


def state_word(issue: Raw) -> str:
    """Return `open`, `closed as completed`, `closed as not planned`, or `closed` where no reason is given."""
    if issue.get("state") != "closed":
        return str(issue.get("state") or "")
    reason = issue.get("state_reason")
    return f"closed as {str(reason).replace('_', ' ')}" if reason else "closed"


def label_names(issue: Raw) -> list[str]:
    """Return the names of the labels; GitHub writes a label as an object, once wrote it as text."""
    labels = issue.get("labels") or ()
    return [str(label.get("name")) if isinstance(label, dict) else str(label) for label in labels]


def status_word(issue: Raw, known: Sequence[str]) -> str:
    """Return the word of an issue's state and labels that comes last in `known`; else that of its state.

    >>> status_word({"state": "open", "labels": [{"name": "approved"}]}, ["open", "approved"])
    'approved'
    """
    words = [state_word(issue), *label_names(issue)]
    return max((word for word in words if word in known), key=list(known).index, default=words[0])


def login(user: Any) -> str | None:
    """Return the login of a user; a deleted account is nobody."""
    return str(user["login"]) if isinstance(user, dict) and user.get("login") else None


def instant(text: Any) -> datetime:
    """Return the instant of `2026-03-01T10:00:00Z`."""
    return datetime.strptime(str(text), "%Y-%m-%dT%H:%M:%S%z")


def _changes(issue: Raw) -> list[tuple[datetime, str | None, list[Raw]]]:
    events = [event for event in issue.get(EVENTS) or () if event.get("event") in _TELLING]
    events.sort(key=lambda event: (instant(event["created_at"]), int(event.get("id") or 0)))
    groups = groupby(events, key=lambda e: (instant(e["created_at"]), login(e.get("actor"))))
    return [(at, who, list(found)) for (at, who), found in groups]


def _reasons(changes: list[tuple[datetime, str | None, list[Raw]]]) -> dict[Any, Raw]:
    """Event id of a reopening -> how the issue was closed before it."""
    found: dict[Any, Raw] = {}
    closed: Raw = {"state_reason": None, "closed_at": None}
    for _, _, events in changes:
        for event in events:
            if event["event"] == "closed":
                closed = {"state_reason": event.get("state_reason"), "closed_at": event["created_at"]}
            elif event["event"] == "reopened":
                found[event.get("id")] = closed
    return found


def _before(issue: Raw, event: Raw, reasons: dict[Any, Raw]) -> Raw:
    """Return the issue as it was before one event."""
    name = event["event"]
    if name in ("labeled", "unlabeled"):
        label = (event.get("label") or {}).get("name")
        left = [one for one in label_names(issue) if one != label]
        return {**issue, "labels": _labels(left if name == "labeled" else [*left, str(label)])}
    if name == "closed":
        return {**issue, "state": "open", "state_reason": None, "closed_at": None}
    if name == "reopened":
        return {**issue, "state": "closed", **reasons[event.get("id")]}
    if name in ("assigned", "unassigned"):
        return {**issue, "assignee": None if name == "assigned" else event.get("assignee")}
    if name == "renamed":
        return {**issue, "title": (event.get("rename") or {}).get("from") or issue.get("title")}
    return issue


def _labels(names: list[str]) -> list[Raw]:
    return [{"name": name} for name in sorted(names)]
