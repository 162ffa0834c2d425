"""The gate between a batch and the register: which records may pass, which may not and why.

One bad record never stops a batch. An expectation of severity `hold` speaks for the whole batch: when it
fails, nothing of it is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

from governance import documents
from governance.register.request import BATCH_COLUMNS

CANONICAL = Path(__file__).with_name("canonical.yaml")
Severity = Literal["quarantine", "hold"]


class Expectation(BaseModel):
    """An expectation of Great Expectations, how severe its failure is, and words for a person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    kwargs: dict[str, Any] = {}
    severity: Severity = "quarantine"
    words: str


class CanonicalSuite(documents.Document):
    """`quality/canonical.yaml`."""

    expectations: tuple[Expectation, ...]


@dataclass(frozen=True)
class Failure:
    """A row that failed an expectation, with what was found."""

    row_no: int
    expectation: str
    column: str
    found: str
    words: str


@dataclass
class Verdict:
    """What the gate says: failures by row, reasons to hold the batch, a summary to keep, a page to show."""

    failures: list[Failure] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    page: str = ""


def canonical_suite() -> tuple[Expectation, ...]:
    """Return the expectations that every batch must meet."""
    return documents.read(CANONICAL, CanonicalSuite).expectations


def examine(name: str, batch: pd.DataFrame, added: Iterable[Expectation], now: datetime) -> Verdict:
    """Hold a canonical batch against the canonical suite and what its spec adds."""
    from governance.quality.expectations import validate  # noqa: PLC0415 (seconds to import, only tasks need it)

    suite = (*canonical_suite(), *added)
    if batch.empty:
        return Verdict(summary={"expectations": len(suite), "rows": 0, "failed": []})
    validation = validate(name, batch, [(each.type, _resolved(each.kwargs, now)) for each in suite])
    verdict = Verdict(page=validation.page)
    failed = []
    for expectation, outcome in zip(suite, validation.outcomes, strict=True):
        if outcome.success:
            continue
        column = _column(expectation)
        failed.append({"type": expectation.type, "column": column, "unexpected": outcome.unexpected})
        if expectation.severity == "hold" or not outcome.rows:
            because = f" ({outcome.problem})" if outcome.problem else ""
            verdict.held.append(f"{expectation.words}{because}")
            continue
        verdict.failures += [
            Failure(row, expectation.type, column, found, expectation.words)
            for row, found in zip(outcome.rows, outcome.values, strict=True)
        ]
    verdict.summary = {"expectations": len(suite), "rows": len(batch), "failed": failed}
    return verdict


def _column(expectation: Expectation) -> str:
    kwargs = expectation.kwargs
    return str(
        kwargs.get("column") or "/".join(str(kwargs[k]) for k in ("column_A", "column_B") if k in kwargs)
    )


def _resolved(kwargs: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Fill in what a file cannot know: the columns of a batch, and instants relative to now."""
    words = {"TOMORROW": now + timedelta(days=1), "NOW": now, "LONG_AGO": datetime(1990, 1, 1, tzinfo=UTC)}
    resolved = {
        name: words.get(value, value) if isinstance(value, str) else value for name, value in kwargs.items()
    }
    if resolved.get("column_set") == ["BATCH_COLUMNS"]:
        resolved["column_set"] = list(BATCH_COLUMNS)
    return resolved
