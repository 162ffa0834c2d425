"""The history of every measure: one query per series answers all periods at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from governance.review.measures import MEASURES, Measure
from governance.review.periods import Period
from governance.review.queries import run


@dataclass(frozen=True)
class Point:
    """Value of a measure for one period; None where it is not known. `n` where the series counts it."""

    period: Period
    value: float | None
    n: int | None = None


Histories = dict[str, list[Point]]


def histories(
    connection: Connection, periods: list[Period], *, as_of: datetime, decisions: dict[str, pd.DataFrame]
) -> Histories:
    """Return the points of every measure, in the order of `periods`, from the tables of `register_then`.

    `decisions` holds the spans of `time_to_decision` and of `within_agreement`. Counts and states before the
    register's first request, and in a period that began before it, are not known rather than 0.
    """
    begin = connection.scalar(
        text(
            "SELECT least(min(submitted_at), (SELECT min(valid_at) FROM observation_then)) FROM request_then"
        )
    )
    parameters = {"starts": [p.start for p in periods], "ends": [p.end for p in periods], "as_of": as_of}
    found: Histories = {}
    for series in dict.fromkeys(measure.series for measure in MEASURES if measure.series != "spans"):
        rows = {
            (r["starts_at"], r["ends_at"]): r
            for r in run(connection, f"kpis/series/{series}.sql", parameters).mappings()
        }
        for measure in (m for m in MEASURES if m.series == series):
            found[measure.id] = [_point(measure, p, rows[p.start, p.end], begin) for p in periods]
    return found | _decisions(periods, decisions)


def _point(measure: Measure, period: Period, row: Any, begin: datetime | None) -> Point:
    value = row[measure.id]
    from_requests = measure.series in ("flow", "exceptions")
    too_early = begin is None or period.end <= begin or (measure.over == "count" and period.start < begin)
    return Point(period, None if value is None or (from_requests and too_early) else float(value))


def _decisions(periods: list[Period], decisions: dict[str, pd.DataFrame]) -> Histories:
    spans = decisions["time_to_decision"].dropna(subset="business")
    judged = decisions["within_agreement"]
    judged = judged[(judged["clock"] == "decision") & judged["outcome"].isin(["within", "late"])]
    found: Histories = {"decided_in_time": [], "time_to_decision_median": [], "time_to_decision_p90": []}
    for period in periods:
        hours = spans.loc[_within(spans, period), "business"]
        outcome = judged.loc[_within(judged, period), "outcome"]
        values = {
            "decided_in_time": (outcome == "within").mean() if len(outcome) else None,
            "time_to_decision_median": hours.median() if len(hours) else None,
            "time_to_decision_p90": hours.quantile(0.9) if len(hours) else None,
        }
        for name, value in values.items():
            n = len(outcome) if name == "decided_in_time" else len(hours)
            found[name].append(Point(period, None if value is None else float(value), n))
    return found


def _within(rows: pd.DataFrame, period: Period) -> pd.Series:
    return (rows["ended_at"] >= period.start) & (rows["ended_at"] < period.end)
