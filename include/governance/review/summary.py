"""The first screen of the pack: what changed, what needs a decision, can the numbers be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from governance.review.cards import Card
from governance.review.facts import Facts

FRESH_FOR = timedelta(hours=36)
"""AWS is observed daily; evidence older than a day and a half means that a run is missing."""

State = Literal["good", "bad", "partly", "unknown"]


@dataclass(frozen=True)
class Line:
    """One line of a list: the thing in a few words, then what to know about it."""

    head: str
    words: str
    section: str


@dataclass(frozen=True)
class Check:
    """One reason to trust the numbers, or not to."""

    state: State
    head: str
    words: str


def changes(cards: list[Card]) -> list[Line]:
    """Return the measures whose last week is a signal, the worrying ones first; routine is not news."""
    lines = [Line(c.measure.title, c.signal, c.measure.section) for c in cards if c.signal]
    return sorted(lines, key=lambda line: not line.words.endswith("for the worse"))


def decisions(facts: Facts, cards: list[Card]) -> list[Line]:
    """Return what the meeting can decide today, most pressing first."""
    lines = [_expired(facts), _overdue(facts), _deviations(facts), _ending(facts), _targets(cards)]
    return [line for line in lines if line]


def _targets(cards: list[Card]) -> Line | None:
    missed = [c for c in cards if c.met is False]
    if not missed:
        return None
    held = sum(c.outcome is not None for c in cards)
    words = "; ".join(f"{c.measure.title.lower()} {c.text} ({c.target})" for c in missed)
    return Line(f"{len(missed)} of {held} targets missed", words, "outcomes")


def _deviations(facts: Facts) -> Line | None:
    words = "accept them with an exception, or have them mended"
    return _count(facts, "deviations nobody approved", words, "reconciliation", measure="deviations")


def _expired(facts: Facts) -> Line | None:
    words = "renew them or let them end"
    return _count(facts, "exceptions over, still leaned on", words, "exceptions", state="expired but live")


def _count(facts: Facts, head: str, words: str, kpi: str, **dimension: str) -> Line | None:
    found = facts.kpi(kpi, **dimension)
    if found is None or not found.value:
        return None
    return Line(f"{found.value:,.0f} {_singular(head, found.value)}", words, kpi)


def _singular(words: str, value: float) -> str:
    first, _, rest = words.partition(" ")
    return f"{first.removesuffix('s')} {rest}" if value == 1 else words


def _overdue(facts: Facts) -> Line | None:
    if not facts.overdue:
        return None
    first = facts.overdue[0]
    head = _singular("requests beyond their agreed time", len(facts.overdue))
    return Line(
        f"{len(facts.overdue):,} {head}",
        f"longest: {first['request_id']}, owner {first['owner'] or 'nobody'}",
        "time",
    )


def _ending(facts: Facts) -> Line | None:
    ending = facts.kpi("exceptions", state="expiring", within="30 days")
    if ending is None or not ending.value:
        return None
    soon = [row for row in facts.lists["ending"] if row["valid_until"] <= facts.as_of + timedelta(days=30)]
    asked = sum(row["renewal"] is not None for row in soon)
    words = f"the first on {soon[0]['valid_until']:%-d %b}; " if soon else ""
    words += f"{asked} of the next {len(soon)} have a renewal" if soon else ""
    return Line(
        f"{ending.value:,.0f} {_singular('exceptions end within 30 days', ending.value)}", words, "exceptions"
    )


def trust(facts: Facts) -> list[Check]:
    """Return the checks that say whether the numbers of this pack can be believed."""
    return [_intake(facts), _evidence(facts), _coverage(facts), _chain(facts)]


def _intake(facts: Facts) -> Check:
    runs = facts.lists["last_runs"]
    if not runs:
        return Check("unknown", "Intake", "no source has run yet")
    odd = [run for run in runs if not run["balanced"] and run["status"] != "shadow"]
    if odd:
        return Check("bad", "Intake", "; ".join(f"{r['source']} {r['status']}" for r in odd))
    pulled = sum(run["pulled"] for run in runs)
    words = f"{len(runs)} of {len(runs)} sources complete, all {pulled:,} records accounted for"
    return Check("good", "Intake balanced", words)


def _evidence(facts: Facts) -> Check:
    if not facts.lists["evidence"]:
        return Check("unknown", "AWS evidence", "no snapshot was taken yet")
    last = facts.lists["evidence"][0]
    age = facts.as_of - last["as_of"]
    hours = age / timedelta(hours=1)
    old = f"{hours:,.0f} h old" if hours >= 1 else "less than an hour old"
    words = f"{old}; {last['complete']:,} of {last['parts']:,} parts complete"
    state: State = "bad" if age > FRESH_FOR or last["status"] == "failed" else "good"
    return Check(state, "AWS evidence fresh" if state == "good" else "AWS evidence outdated", words)


def _coverage(facts: Facts) -> Check:
    found = facts.kpi("reconciliation", measure="coverage")
    if found is None or found.value is None:
        reason = found.reason if found else None
        return Check("unknown", "Coverage", reason or "no reconciliation has run yet")
    words = f"{found.n - found.unknown:,} of {found.n:,} places (account and region) seen whole"
    return Check(
        "good" if found.value == 1 else "partly", f"Coverage {found.value:.1%}".replace("%", " %"), words
    )


def _chain(facts: Facts) -> Check:
    if facts.broken:
        block, problem = facts.broken[0]
        return Check("bad", "History altered", f"block {block}: {problem}")
    words = "the hash chain of every observation adds up"
    if facts.seal:
        words += f"; block {facts.seal[0]} is sealed {facts.seal[1][:16]}"
    return Check("good", "History unaltered", words)
