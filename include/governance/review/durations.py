"""How long requests take, in elapsed and business hours: median, mean and p90, overall and by risk level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sqlalchemy import Connection

from governance.register import business_time, ownership, response_times
from governance.review.queries import frame


@dataclass(frozen=True)
class Statistic:
    """One row of a KPI; the fields of `kpis.Kpi` that differ from row to row."""

    dimension: dict[str, str]
    value: float | None
    unit: str
    n: int
    unknown: int
    reason: str | None = None


class Clocks:
    """Business time of the accountable owners, each in the calendar and zone of their ownership rule.

    Requests whose owner no rule knows run on the calendar of the ownership authority.
    """

    def __init__(self, policies: Path) -> None:
        self._owners = ownership.read(policies)
        self._calendars = business_time.read_calendars(policies)
        self.response_times = response_times.read(policies)

    def hours(self, owner: pd.Series, begin: pd.Series, end: pd.Series) -> pd.Series:
        """Return the business hours in `[begin, end)` per row; NaN where an instant is missing."""
        hours = pd.Series(float("nan"), index=owner.index)
        rules = {name: self._owners.rule_of(str(name)) for name in owner.fillna("").unique()}
        clock = owner.fillna("").map({name: (rule.calendar, rule.timezone) for name, rule in rules.items()})
        for (calendar, zone), rows in owner.groupby(clock, sort=False):
            hours[rows.index] = business_time.business_hours_between(
                begin[rows.index], end[rows.index], self._calendars[calendar], zone
            )
        return hours


def spans(connection: Connection, query: str, clocks: Clocks) -> pd.DataFrame:
    """Return the rows of `sql/kpis/<query>.sql` with `elapsed` and `business` hours, NaN where unknown.

    Columns: request_number, kind, risk_level, owner, due_at, started_at, ended_at (UTC), elapsed, business.
    """
    rows = frame(connection, f"kpis/{query}.sql", {}, times=("due_at", "started_at", "ended_at"))
    known = rows["ended_at"] >= rows["started_at"]
    elapsed = (rows["ended_at"] - rows["started_at"]).dt.total_seconds() / 3600
    business = clocks.hours(rows["owner"], rows["started_at"], rows["ended_at"])
    return rows.assign(elapsed=elapsed.where(known), business=business.where(known))


def statistics(measured: pd.DataFrame) -> Iterator[Statistic]:
    """Yield median, mean and p90 of `spans`, elapsed and business, overall and by risk level. Unit: hours."""
    groups = [({}, measured), *_by_risk(measured)]
    for hours in ("elapsed", "business"):
        for dimension, rows in groups:
            known = rows[hours].dropna()
            values = {"median": known.median(), "mean": known.mean(), "p90": float(known.quantile(0.9))}
            reason = None if len(known) else _why_none(rows)
            for statistic, value in values.items():
                yield Statistic(
                    {"statistic": statistic, "hours": hours, **dimension},
                    None if reason else value,
                    "hours",
                    len(known),
                    len(rows) - len(known),
                    reason,
                )


def _by_risk(measured: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    for level, rows in measured.groupby("risk_level"):
        yield {"risk_level": str(level)}, rows


def _why_none(rows: pd.DataFrame) -> str:
    if rows.empty:
        return "no request got that far"
    return "the sources name no start or no end, or the end before the start"
