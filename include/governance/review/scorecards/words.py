"""A scorecard as lines of text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from governance.review.scorecards.card import Row, Scorecard
from governance.review.scorecards.page import share, span, state

CHANGES = 10
"""Changes of columns that are printed."""


def lines(card: Scorecard) -> list[str]:
    """Return everything that a scorecard says, one thing a line."""
    return [f"{card.source} ({card.mode}): {state(card)[1]}"] + [
        f"  {label:<12}  {words}" for label, words in _parts(card)
    ]


def _parts(card: Scorecard) -> Iterator[tuple[str, str]]:
    last, standing = card.last, card.standing
    message = f": {last['message']}" if last["message"] else ""
    yield "last run", f"{last['run_id']} {last['status']}, {last['as_of']:%Y-%m-%d %H:%M}{message}"
    yield "page", last["page"] or "none: nothing was checked"
    yield "accounting", f"{_sum(last)}, {'balanced' if last['balanced'] else last['status']}"
    yield "fresh", f"last good run {span(card.age)} ago, newest observation {card.newest or 'unknown'}"
    yield "passed", f"{share(card.first_pass)} at once"
    settled = f"{standing['replayed']} replayed, {standing['discarded']} discarded"
    yield "quarantine", f"{standing['waiting']} waiting, {settled}"
    for row in card.rejects:
        yield "", f"{row['waiting']:>5}  {row['reject']}: {row['words'] or row['example']}"
    gaps = [f"{name} {share(filled)}" for name, filled in card.completeness if filled < 1]
    yield "incomplete", ", ".join(gaps) or ("no field" if card.completeness else "unknown")
    yield "duplicates", f"{standing['links']} linked to requests of other sources"
    yield from (("noted", f"{name} in {rows} observations") for name, rows in card.notes)
    for run, words, weight in card.drift[:CHANGES]:
        yield "columns", f"run {run['run_id']}: {words} ({weight})"
    for one in card.readiness:
        yield "met" if one.met else "missing", f"{one.words} (found {one.found})"


def _sum(run: Row) -> str:
    parts = [f"{run[name]} {name}" for name in ("loaded", "unchanged", "quarantined")]
    parts += [f"{run['held']} held"] if run["held"] else []
    return f"{run['pulled']} pulled = {' + '.join(parts)}"
