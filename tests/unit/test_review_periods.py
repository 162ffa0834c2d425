"""The fixed layout of weeks and months, with the year before."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from governance.review.periods import layout


def names(as_of: datetime, kind: str) -> list[str]:
    return [p.name for p in layout(as_of) if p.kind == kind]


def test_the_week_and_the_month_that_are_not_over_are_left_out() -> None:
    monday = datetime(2026, 11, 16, 8, tzinfo=UTC)
    assert names(monday, "week")[-6:] == [
        "2026-W41",
        "2026-W42",
        "2026-W43",
        "2026-W44",
        "2026-W45",
        "2026-W46",
    ]
    assert names(monday, "month")[0::11] == ["2025-11", "2026-10"]


def test_a_week_that_ends_at_the_instant_is_over() -> None:
    assert names(datetime(2026, 11, 16, tzinfo=UTC), "week")[-1] == "2026-W46"
    assert names(datetime(2026, 11, 15, 23, 59, tzinfo=UTC), "week")[-1] == "2026-W45"


def test_the_year_before_has_the_same_weekdays_and_months() -> None:
    january = datetime(2026, 1, 7, tzinfo=UTC)
    prior = [p for p in layout(january) if p.kind == "prior week"]
    assert len(prior) == 6
    assert all(p.start.weekday() == 0 for p in prior)
    assert names(january, "prior month")[0::11] == ["2024-01", "2024-12"]


def test_periods_touch_without_overlap_across_a_year() -> None:
    weeks = [p for p in layout(datetime(2027, 1, 20, tzinfo=UTC)) if p.kind == "week"]
    assert len(weeks) == 26
    assert all(before.end == after.start for before, after in pairwise(weeks))
    assert "2026-W53" in [p.name for p in weeks]
