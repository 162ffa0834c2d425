"""The fixed layout of time in the pack: 6 trailing weeks, 12 trailing months, the same a year before.

Weeks begin on Monday and months on the first, 00:00 UTC. A period ends where the next begins; the one that
holds `as_of` is not over, so it is left out: every period shown is whole and can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Kind = Literal["week", "month", "prior week", "prior month"]

WEEKS_SHOWN, MONTHS_SHOWN, WEEKS_CHARTED = 6, 12, 26


@dataclass(frozen=True)
class Period:
    """Half-open `[start, end)` in UTC."""

    kind: Kind
    start: datetime
    end: datetime

    @property
    def label(self) -> str:
        """Short name: `W46` for a week, `Nov` for a month."""
        if self.kind.endswith("week"):
            return f"W{self.start.isocalendar().week:02d}"
        return self.start.strftime("%b")

    @property
    def name(self) -> str:
        """Full name: `2026-W46`, `2026-11`."""
        if self.kind.endswith("week"):
            year, week, _ = self.start.isocalendar()
            return f"{year}-W{week:02d}"
        return self.start.strftime("%Y-%m")


def layout(as_of: datetime) -> list[Period]:
    """Return every period the pack needs at `as_of`, oldest first within each kind."""
    midnight = as_of.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=midnight.weekday())
    weeks = [_week("week", monday - timedelta(weeks=back)) for back in range(WEEKS_CHARTED, 0, -1)]
    # 52 weeks earlier, so that a week is compared with one of the same weekdays
    prior_weeks = [_week("prior week", week.start - timedelta(weeks=52)) for week in weeks[-WEEKS_SHOWN:]]
    first = midnight.replace(day=1)
    months = [_month("month", first, -back) for back in range(MONTHS_SHOWN, 0, -1)]
    prior_months = [_month("prior month", first, -back - 12) for back in range(MONTHS_SHOWN, 0, -1)]
    return [*weeks, *prior_weeks, *months, *prior_months]


def _week(kind: Kind, start: datetime) -> Period:
    return Period(kind, start, start + timedelta(weeks=1))


def _month(kind: Kind, first: datetime, offset: int) -> Period:
    return Period(kind, _plus_months(first, offset), _plus_months(first, offset + 1))


def _plus_months(first: datetime, months: int) -> datetime:
    count = first.year * 12 + first.month - 1 + months
    return first.replace(year=count // 12, month=count % 12 + 1)
