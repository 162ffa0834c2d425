"""A card of the pack: one measure with its value, target, history, behaviour and what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from governance import resources
from governance.review import charts
from governance.review.charter import Charter, Outcome
from governance.review.facts import Facts
from governance.review.history import Point
from governance.review.measures import Measure
from governance.review.numbers import number, plain
from governance.review.xmr import Rule, Xmr, xmr

RULE_WORDS: dict[Rule, str] = {
    "outside limits": "outside its usual range",
    "8 on one side": "eight weeks in a row on one side of the mean",
    "3 of 4 near limit": "three of four weeks near a limit",
}


@dataclass(frozen=True)
class Card:
    """What the template prints of one measure; all text, no computing left."""

    measure: Measure
    value: float | None
    text: str
    caption: str
    outcome: Outcome | None
    target: str
    met: bool | None
    n: str
    unknown: str
    usual: str
    signal: str
    history: Markup | None
    behaviour: Markup | None
    no_chart: str
    queries: tuple[tuple[str, str], ...]


def card(facts: Facts, charter: Charter, measure: Measure, cadence: str) -> Card:
    """Arrange what is known of one measure."""
    weeks = facts.points(measure, "week")
    limits = xmr([p.value for p in weeks], lowest=measure.lowest, highest=measure.highest)
    outcome = charter.of(measure.id)
    target = outcome.target if outcome else None
    value, caption, n, unknown = _present(facts, measure, "week" if cadence == "weekly" else "month")
    points = facts.histories[measure.id]
    shown = sum(p.value is not None for p in points if not p.period.kind.startswith("prior")) > 1
    return Card(
        measure=measure,
        value=value,
        text=number(value, measure),
        caption=caption,
        outcome=outcome,
        target=target_words(outcome, measure) if outcome else "",
        met=None if outcome is None or value is None else outcome.met(value),
        n=n,
        unknown=unknown,
        usual=_usual(limits, measure),
        signal=_signal(limits, weeks, measure),
        history=_drawn(charts.weeks_and_months(measure, points, target)) if shown else None,
        behaviour=_drawn(charts.behaviour(measure, weeks, limits)) if shown else None,
        no_chart=_instead_of_charts(value, points, measure),
        queries=tuple((path, resources.sql(path)) for path in measure.queries),
    )


def _instead_of_charts(value: float | None, points: Sequence[Point], measure: Measure) -> str:
    """Say what there is of a history that is too short to be drawn."""
    if value is None:
        return "No history yet."
    known = [p for p in points if p.value is not None and not p.period.kind.startswith("prior")]
    if measure.over == "state" and known:  # what is true now is no point of a whole period yet
        return f"Measured once before: {number(known[0].value, measure)} as of {known[0].period.name}."
    return "Measured for the first time; the history begins here."


def _drawn(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704 (our own drawing of our own numbers)


def target_words(outcome: Outcome, measure: Measure) -> str:
    """`at least 90 %`, `at most 24 h`."""
    return f"{outcome.direction.replace('_', ' ')} {plain(outcome.target, measure)}"


def _present(facts: Facts, measure: Measure, kind: str) -> tuple[float | None, str, str, str]:
    """Return (value, what it speaks for, n in words, unknown in words)."""
    if measure.over != "state":
        last = facts.points(measure, kind)[-1]
        name = f"week {last.period.label[1:]}" if kind == "week" else f"{last.period.start:%B %Y}"
        n = "" if last.n is None else f"n = {last.n:,} in {name}"
        unknown = "" if last.value is not None else f"unknown: nothing is known of {name}"
        return last.value, f"in {name}", n, unknown
    found = facts.current(measure)
    known = [k.value for k in found if k.value is not None]
    if not found or len(known) < len(found):
        reason = next((k.reason for k in found if k.reason), "nothing was measured yet")
        return None, "now", "", f"unknown: {reason}"
    unknown_count = max(k.unknown for k in found)
    words = f"{unknown_count:,} not known" if unknown_count else ""
    value, looked_at = sum(known), sum(k.n for k in found)
    return value, "now", "" if looked_at == value else f"n = {looked_at:,}", words


def _usual(limits: Xmr | None, measure: Measure) -> str:
    if limits is None:
        return ""
    lower, upper = number(limits.lower, measure), number(limits.upper, measure)
    return f"steady at {lower}" if lower == upper else f"{lower} to {upper}"


def _signal(limits: Xmr | None, weeks: list[Point], measure: Measure) -> str:
    """Words for a signal in the last whole week; older ones are in the chart."""
    rules = limits.signals.get(len(weeks) - 1, ()) if limits else ()
    if not rules or limits is None:
        return ""
    value, direction = weeks[-1].value or 0.0, ""
    if measure.better != "neither":
        good = (value > limits.mean) == (measure.better == "higher")
        direction = ", for the better" if good else ", for the worse"
    return f"{number(value, measure)}, {RULE_WORDS[rules[0]]}{direction}"


def instant_words(instant: datetime) -> str:
    """`Mon 16 Nov 2026, 08:00 UTC`."""
    return f"{instant:%a} {instant.day} {instant:%b %Y, %H:%M} UTC"
