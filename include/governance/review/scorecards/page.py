"""The scorecards as one self-contained HTML page, for a screen or a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Engine

from governance import resources
from governance.review.cards import instant_words
from governance.review.page import day
from governance.review.scorecards.card import Scorecard, scorecards
from governance.review.writing import write_file

SHOWN_RUNS = 12
WEEKS = 12


def write_latest(engine: Engine, *, as_of: datetime, lake: str, policies: Path) -> str:
    """Write the page of every source to `<lake>/scorecards/latest.html` and return where it is."""
    target = f"{lake}/scorecards/latest.html"
    with engine.connect() as connection:
        cards = scorecards(connection, as_of=as_of, policies=policies)
    write_file(target, render(cards, as_of=as_of, lake="..").encode())
    return target


def render(cards: Sequence[Scorecard], *, as_of: datetime, lake: str) -> str:
    """Return the page. `lake` is how links from it reach the lake: `..` from a folder directly below it."""
    folder = resources.folder("templates")
    environment = Environment(
        loader=FileSystemLoader([folder / "scorecard", folder / "pack"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("scorecard.html.j2").render(
        as_of=instant_words(as_of),
        as_of_iso=as_of.isoformat(),
        cards=[_view(card, lake) for card in cards],
        shown_runs=SHOWN_RUNS,
    )


def _view(card: Scorecard, lake: str) -> dict[str, Any]:
    """Everything the template shows of one source, as text and shares."""
    return {
        "source": card.source,
        "mode": card.mode,
        "state": state(card),
        "last": _run(card.last, lake),
        "age": span(card.age),
        "newest": day(card.newest),
        "first_pass": share(card.first_pass),
        "share": card.first_pass,
        "standing": card.standing,
        "waiting_since": day(card.standing["waiting_since"]),
        "links": card.standing["links"],
        "balanced": card.balanced,
        "runs": [_run(run, lake) for run in card.runs[:SHOWN_RUNS]],
        "known_runs": len(card.runs),
        "weeks": _weeks(card),
        "rejects": card.rejects,
        "fields": [
            {"name": name, "share": filled, "text": share(filled)} for name, filled in card.completeness
        ],
        "drift": [(run["run_id"], day(run["as_of"]), words, weight) for run, words, weight in card.drift],
        "notes": card.notes,
        "held": len(card.held),
        "ready": card.ready,
        "readiness": card.readiness,
    }


def _run(run: Mapping[str, Any], lake: str) -> dict[str, Any]:
    total = max(run["pulled"], 1)
    parts = ("loaded", "unchanged", "quarantined", "held")
    return {
        **{name: f"{run[name]:,}" for name in ("pulled", *parts)},
        "bar": [(name, 100 * run[name] / total) for name in parts if run[name]],
        "run_id": run["run_id"],
        "status": run["status"],
        "good": run["good"] is not None,
        "balanced": run["balanced"],
        "when": f"{day(run['as_of'])} {run['as_of']:%H:%M}",
        "message": run["message"] or "",
        "accepted": run["accepted"] or "",
        "passed": share(run["good"] / run["asked"]) if run["good"] is not None and run["asked"] else "",
        "drift": len((run["validation"] or {}).get("drift", ())),
        "page": f"{lake}/{run['page']}" if run["page"] else "",
    }


def _weeks(card: Scorecard) -> list[dict[str, Any]]:
    """The last twelve weeks, oldest first; a week without a run is one of them."""
    found = {row["week"].date(): row for row in card.weeks}
    monday = (card.as_of - timedelta(days=card.as_of.weekday())).date()
    weeks = []
    for back in range(WEEKS - 1, -1, -1):
        row = found.get(monday - timedelta(weeks=back))
        number = (monday - timedelta(weeks=back)).isocalendar().week
        passed = row["good"] / row["pulled"] if row and row["pulled"] else None
        weeks.append({
            "name": f"W{number}", "share": passed, "text": share(passed) if row else "no run",
            "runs": row["runs"] if row else 0, "troubled": row["troubled"] if row else 0,
            "pulled": f"{row['pulled']:,}" if row else "0",
        })  # fmt: skip
    return weeks


def state(card: Scorecard) -> tuple[str, str]:
    """Return how the source stands, in a word for a glyph and a few for a person."""
    if card.last["status"] == "held":
        return "bad", "its batch is held"
    if card.last["status"] == "failed":
        return "bad", "its last pull failed"
    if card.ready is not None:
        missing = sum(not criterion.met for criterion in card.readiness)
        return ("good", "ready to be loaded") if card.ready else ("partly", f"not ready, {missing} missing")
    waiting = card.standing["waiting"]
    words = "1 record waits in quarantine" if waiting == 1 else f"{waiting:,} records wait in quarantine"
    return ("partly", words) if waiting else ("good", "all is loaded")


def share(value: float | None) -> str:
    """Write a share: `92.4 %`, or that it is unknown."""
    return "unknown" if value is None else f"{value * 100:.1f} %"


def span(age: timedelta | None) -> str:
    """Write an age in its largest unit.

    >>> span(timedelta(hours=5)), span(timedelta(days=3, hours=4)), span(None)
    ('5 hours', '3 days', 'unknown')
    """
    if age is None:
        return "unknown"
    hours = int(age.total_seconds() // 3600)
    number, unit = (hours // 24, "day") if hours >= 48 else (hours, "hour")
    return "under an hour" if not number else f"{number} {unit}{'' if number == 1 else 's'}"
