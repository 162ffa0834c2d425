"""When a source in mode shadow is ready to be loaded: `policies/promotion.yaml`, held against its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from governance import documents, resources

Run = Mapping[str, Any]
"""A row of `sql/intake/scorecard/runs.sql`."""


class Promotion(documents.Document):
    """The whole of `promotion.yaml`."""

    runs: int = Field(default=5, ge=1)
    pass_share: float = Field(default=0.98, gt=0, le=1)
    days: float = Field(default=3, ge=0)
    column_changes: int = Field(default=0, ge=0)


@dataclass(frozen=True)
class Criterion:
    """One thing that must hold: in words, whether it does, and what was found."""

    words: str
    met: bool
    found: str


def read(policies: Path) -> Promotion:
    """Read `promotion.yaml` of a policies folder; a folder without one means what ships."""
    own = policies / "promotion.yaml"
    return documents.read(own if own.is_file() else resources.folder("policies") / own.name, Promotion)


def criteria(runs: Sequence[Run], promotion: Promotion) -> list[Criterion]:
    """Hold the latest runs of a source (newest first) against the policy."""
    latest = list(runs[: promotion.runs])
    well = next((n for n, run in enumerate(latest) if run["good"] is None), len(latest))
    days = (latest[0]["as_of"] - latest[-1]["as_of"]).total_seconds() / 86400 if latest else 0.0
    changes = [change["words"] for run in latest for change in (run["validation"] or {}).get("drift", ())]
    return [
        Criterion(f"{promotion.runs} runs in a row ended well", well >= promotion.runs, f"{well}"),
        Criterion(f"they span {promotion.days:g} days", days >= promotion.days, f"{days:.1f} days"),
        _passed(latest, promotion.pass_share),
        Criterion(
            f"at most {promotion.column_changes} changes of columns in them"
            if promotion.column_changes
            else "no column changed in them",
            len(changes) <= promotion.column_changes,
            "; ".join(changes[:3]) or "none",
        ),
    ]


def _passed(latest: Sequence[Run], least: float) -> Criterion:
    """A run that pulled nothing says nothing; where all of them did, nothing is known."""
    shares = [run["good"] / run["asked"] for run in latest if run["good"] is not None and run["asked"]]
    lowest = min(shares, default=None)
    found = "nothing was pulled" if lowest is None else f"{lowest:.1%} in the lowest"
    words = f"in each at least {least:.0%} of the records pass"
    return Criterion(words, lowest is not None and lowest >= least, found)
