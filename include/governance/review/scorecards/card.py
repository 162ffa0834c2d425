"""The scorecard of each source: how fresh, clean and complete it is, what drifts, and whether counts balance.

Read from the register alone, so that it can be written for any past instant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from governance.review.queries import run as ask
from governance.review.scorecards import promotion
from governance.review.scorecards.promotion import Criterion

RUNS = 30
"""Runs of a source that a scorecard looks at."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Scorecard:
    """What is known of one source at `as_of`. `runs` are rows of `runs.sql`, newest first, never none.

    `weeks` and `rejects` are rows of their queries; `readiness` is empty for a source that is loaded.
    """

    source: str
    as_of: datetime
    runs: list[Row]
    weeks: list[Row]
    rejects: list[Row]
    standing: Row
    readiness: list[Criterion] = field(default_factory=list)

    @property
    def last(self) -> Row:
        """The latest run, however it ended."""
        return self.runs[0]

    @property
    def mode(self) -> str:
        """The mode of the latest run."""
        return str(self.last["mode"])

    @property
    def good(self) -> Row | None:
        """The latest run that ended well."""
        return next((run for run in self.runs if run["good"] is not None), None)

    @property
    def brought(self) -> Row | None:
        """The latest good run that pulled any request: what quality is judged by."""
        return next((run for run in self.runs if run["good"] is not None and run["asked"]), None)

    @property
    def age(self) -> timedelta | None:
        """How long ago the last good run was; None: there was none."""
        return self.as_of - self.good["as_of"] if self.good else None

    @property
    def newest(self) -> datetime | None:
        """When the newest observation that any of the runs saw was made."""
        seen = [_told(run).get("newest") for run in self.runs]
        return max((datetime.fromisoformat(text) for text in seen if text), default=None)

    @property
    def first_pass(self) -> float | None:
        """Share of the requests that passed the gate in the latest run that pulled any; None: there is none.

        What was no request at all, such as an automatic reply, does not count.
        """
        return self.brought["good"] / self.brought["asked"] if self.brought else None

    @property
    def completeness(self) -> list[tuple[str, float]]:
        """For each mapped field the share of observations that hold a value, least complete first."""
        told = _told(self.brought)
        rows = told.get("rows") or 0
        found = [(name, filled / rows) for name, filled in told.get("fields", {}).items() if rows]
        return sorted(found, key=lambda one: (one[1], one[0]))

    @property
    def drift(self) -> list[tuple[Row, str, str]]:
        """Every change of columns that the runs saw: run, words, weight; newest first."""
        return [
            (run, change["words"], change["weight"])
            for run in self.runs
            for change in _told(run).get("drift", ())
        ]

    @property
    def notes(self) -> list[tuple[str, int]]:
        """Expectations of severity `note` that the latest run with records did not meet: id, rows."""
        return [
            (one["id"], one["unexpected"])
            for one in _told(self.brought).get("expectations", ())
            if one["severity"] == "note" and not one["success"]
        ]

    @property
    def held(self) -> list[Row]:
        """Runs whose batch was held since the last good one."""
        since = self.runs.index(self.good) if self.good else len(self.runs)
        return [run for run in self.runs[:since] if run["status"] == "held"]

    @property
    def ready(self) -> bool | None:
        """Whether a source in mode shadow meets every criterion; None: it is loaded already."""
        return all(criterion.met for criterion in self.readiness) if self.mode == "shadow" else None

    @property
    def balanced(self) -> bool:
        """Whether every run that ended well accounts for every record that it pulled."""
        return all(run["balanced"] for run in self.runs if run["status"] != "failed")


def _told(run: Row | None) -> dict[str, Any]:
    return dict(run["validation"] or {}) if run else {}


def scorecards(
    connection: Connection, *, as_of: datetime, policies: Path, source: str | None = None
) -> list[Scorecard]:
    """Return the scorecard of every source (or of `source`) that ran by `as_of`, by name."""
    parameters = {"as_of": as_of, "source": source, "runs": RUNS}
    found = {
        name: _by_source(connection, name, parameters) for name in ("runs", "weeks", "rejects", "standing")
    }
    policy = promotion.read(policies)
    return [
        Scorecard(
            source=name,
            as_of=as_of,
            runs=runs,
            weeks=found["weeks"][name],
            rejects=found["rejects"][name],
            standing=found["standing"][name][0],
            readiness=promotion.criteria(runs, policy) if runs[0]["mode"] == "shadow" else [],
        )
        for name, runs in found["runs"].items()
    ]


def _by_source(connection: Connection, question: str, parameters: dict[str, Any]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in ask(connection, f"intake/scorecard/{question}.sql", parameters).mappings():
        grouped[row["source"]].append(dict(row))
    return grouped


def as_json(card: Scorecard) -> dict[str, Any]:
    """Return the scorecard as plain data; shares between 0 and 1, null where nothing is known."""
    counts = ("pulled", "loaded", "unchanged", "quarantined", "held", "balanced", "page", "message")
    trend = ("run_id", "as_of", "mode", "status", *counts, "accepted")
    return {
        "source": card.source,
        "mode": card.mode,
        "as_of": card.as_of,
        "last_run": {name: card.last[name] for name in trend},
        "freshness": {"last_good_run": card.good and card.good["as_of"], "newest_observation": card.newest},
        "first_pass_yield": card.first_pass,
        "waiting": card.standing["waiting"],
        "rejects": [{k: v for k, v in row.items() if k != "source"} for row in card.rejects],
        "completeness": dict(card.completeness),
        "duplicates": card.standing["links"],
        "notes": dict(card.notes),
        "drift": [{"run_id": run["run_id"], "words": words, "weight": w} for run, words, w in card.drift],
        "balanced": card.balanced,
        "ready": card.ready,
        "readiness": [{"words": c.words, "met": c.met, "found": c.found} for c in card.readiness],
        "runs": [{name: run[name] for name in trend} for run in card.runs],
        "weeks": [{k: v for k, v in row.items() if k != "source"} for row in card.weeks],
    }
