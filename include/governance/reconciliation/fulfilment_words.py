"""Why an addition or a change got its verdict: one sentence each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from governance.reconciliation.additions import deadline as due
from governance.reconciliation.requested import Addition, Change

Fact = Mapping[Any, Any]


def thing_words(addition: Addition) -> str:
    """Return what is asked for in a few words: `control X on Sandbox`."""
    told = addition.thing.model_dump(mode="json", exclude_none=True) if addition.thing else {}
    kind = (addition.thing_type or "something").replace("_", " ")
    name = next((told[key] for key in _NAMES if key in told), "")
    place = next((told[key] for key in ("ou", "target") if key in told), None)
    return f"{kind} {name}".strip() + (f" in {place}" if place else "")


_NAMES = (
    "name", "control", "rule", "policy", "document", "provisioned_product", "account", "email",
)  # fmt: skip


def of_addition(verdict: str, addition: Addition, fact: Fact) -> str:
    """Return why an addition got its verdict. `fact`: a row of the verdicts of `additions.judge`."""
    return _ADDITION[verdict](addition, fact)


def of_change(verdict: str, change: Change, fact: Fact) -> str:
    """Return why a change got its verdict. `fact`: a row of the verdicts of `changes.judge`."""
    return _CHANGE[verdict](change, fact)


def _found(addition: Addition, fact: Fact) -> str:
    return f"The {thing_words(addition)} is there as {fact['subject']}"


def _unknown_addition(addition: Addition, fact: Fact) -> str:
    if addition.problem:
        return f"It cannot be looked for: {addition.problem}."
    if fact["gap"]:
        return f"Evidence is missing: {fact['gap']}."
    return f"No snapshot was taken since it should be there, {at(due(addition))}."


def _waiting(addition: Addition, fact: Fact) -> str:
    if fact["subject"]:
        return f"{_found(addition, fact)} and still being made: {fact['told']}."
    when = due(addition)
    until = f"it is due {at(when)}" if when else "no day is named by which it is due"
    return f"The {thing_words(addition)} is not there yet, and {until}."


def _failed(addition: Addition, fact: Fact) -> str:
    if fact["subject"]:
        return f"Making the {thing_words(addition)} failed: {fact['told']}."
    return f"Its source says that it failed, and the {thing_words(addition)} is not there."


def _missing(addition: Addition, _: Fact) -> str:
    claimed = addition.claimed_at is not None and due(addition) == addition.claimed_at
    since = "said to be there since" if claimed else "due since"
    return f"The {thing_words(addition)} is not there, and it is {since} {at(due(addition))}."


def _unverified(addition: Addition, fact: Fact) -> str:
    open_points = [
        *(["whether it is where it should be is not told"] if fact["in_place"] is None else []),
        *(["what it holds cannot be compared with what was asked for"] if fact["same"] is None else []),
        *([str(fact["told"])] if fact["state"] == "unverified" or fact["same"] is None else []),
    ]
    return f"{_found(addition, fact)}, but {'; '.join(open_points)}."


_ADDITION: dict[str, Callable[[Addition, Fact], str]] = {
    "UNKNOWN": _unknown_addition,
    "FAILED": _failed,
    "IN_PROGRESS": _waiting,
    "MISPLACED": lambda a, f: f"The {thing_words(a)} is elsewhere: {f['subject']}.",
    "CONTENT_MISMATCH": lambda a, f: f"{_found(a, f)}, and holds something else than was asked for.",
    "PARTIAL": lambda a, f: f"{_found(a, f)}, but not everywhere: {f['told']}.",
    "FULFILLED_DRIFTED": lambda a, f: f"{_found(a, f)}, and has drifted since: {f['told']}.",
    "FULFILLED_DEGRADED": lambda a, f: f"{_found(a, f)}, but does not work as it should: {f['told']}.",
    "FULFILLED_UNVERIFIED": _unverified,
    "FULFILLED": lambda a, f: f"{_found(a, f)}.",
    "NOT_FULFILLED": _missing,
}


def _ran(fact: Fact) -> str:
    named = list(fact["named"])
    return f"{'execution' if len(named) == 1 else 'executions'} {', '.join(named[:3])}" + (
        f" and {len(named) - 3} more" if len(named) > 3 else ""
    )


def _window(change: Change) -> str:
    return f"from {at(change.begin)} to {at(change.end)}"


def _unapproved(change: Change, fact: Fact) -> str:
    how = (
        f"before it was approved, {at(change.approved_at)}"
        if change.approved_at
        else f"although it is {change.status}"
    )
    return f"It was carried out {how}: {_ran(fact)} began {at(fact['started_at'])}."


def _unknown_change(change: Change, fact: Fact) -> str:
    if fact["gap"]:
        return f"Evidence is missing: {fact['gap']}."
    if fact["unreadable"]:
        return f"The status of {_ran(fact)} is not known here."
    if not fact["leaves_trace"]:
        what = (
            f"runbook {change.runbook} is no document that is listed"
            if change.runbook
            else "no runbook is named"
        )
        return f"Its execution would leave no trace in AWS: {what}."
    if fact["forgotten"]:
        began = at(change.begin or change.approved_at)
        return f"Its window began {began}, longer ago than AWS keeps executions."
    return f"No snapshot was taken since it should be done, {at(fact['deadline'])}."


def _pending(change: Change, _: Fact) -> str:
    if change.begin is None and change.end is None:
        return "Nothing was carried out yet, and it names no window."
    return f"Nothing was carried out yet; its window is {_window(change)}."


_CHANGE: dict[str, Callable[[Change, Fact], str]] = {
    "UNAPPROVED_CHANGE": _unapproved,
    "SCOPE_EXCEEDED": lambda _, f: (
        f"{_ran(f).capitalize()} touched what was not approved: {', '.join(f['beyond'])}."
    ),
    "RUNBOOK_MISMATCH": lambda c, f: (
        f"{_ran(f).capitalize()} ran {', '.join(f['ran'])}; approved is {c.runbook}."
    ),
    "OUT_OF_WINDOW": lambda c, f: (
        f"{_ran(f).capitalize()} began {at(f['started_at'])}; the window is {_window(c)}."
    ),
    "OVERRAN": lambda c, f: (
        f"{_ran(f).capitalize()} began in the window and went on beyond its end, {at(c.end)}."
    ),
    "IN_PROGRESS": lambda _, f: f"{_ran(f).capitalize()} began {at(f['started_at'])} and goes on.",
    "UNKNOWN": _unknown_change,
    "EXECUTED_FAILED": lambda _, f: f"{_ran(f).capitalize()} failed.",
    "EXECUTED_PARTIAL": lambda _, f: f"Of what was approved only a part succeeded: {_ran(f)}.",
    "EXECUTED_IN_WINDOW": lambda _, f: f"{_ran(f).capitalize()} succeeded as approved, {at(f['ended_at'])}.",
    "PENDING": _pending,
    "NOT_EXECUTED": lambda _, f: f"Nothing was carried out until {at(f['deadline'])}.",
}


def at(instant: datetime | None) -> str:
    """Return an instant as people read it, in UTC, whatever zone the database handed it over in.

    >>> at(datetime.fromisoformat("2026-11-16T03:00:00-05:00"))
    '2026-11-16 08:00Z'
    """
    if instant is None or pd.isna(instant):
        return "an open end"
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%MZ}"
