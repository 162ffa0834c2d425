"""Were requests decided and resolved within the response-time agreement? See `within_agreement.sql`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection

from governance.register.response_times import ResponseTimes
from governance.review.durations import Clocks, Statistic
from governance.review.queries import frame

CLOCKS = ("decision", "resolution")
_TIMES = ("due_at", "started_at", "ended_at")


def spans(connection: Connection, clocks: Clocks, as_of: datetime) -> pd.DataFrame:
    """Return one row per request and clock, with what became of its agreement.

    Columns beyond those of the query: `hours` (business hours used), `agreed` (business hours), `outcome`:
    within, late, running, running late or unknown.
    """
    rows = frame(connection, "kpis/within_agreement.sql", {"as_of": as_of}, times=_TIMES)
    until = rows["ended_at"].fillna(pd.Timestamp(as_of).tz_convert("UTC").as_unit("us"))
    used = clocks.hours(rows["owner"], rows["started_at"], until)
    rows = rows.assign(until=until, agreed=_agreed(rows, clocks.response_times))
    rows["hours"] = used - _paused(rows, clocks)
    late = (rows["hours"] > rows["agreed"]).where(rows["due_at"].isna(), until > rows["due_at"])
    ended = rows["ended_at"].notna()
    finished, running = (
        late.map({True: "late", False: "within"}),
        late.map({True: "running late", False: "running"}),
    )
    measurable = (until >= rows["started_at"]) & (ended | rows["runs"].astype(bool))
    return rows.assign(outcome=finished.where(ended, running).where(measurable, "unknown"))


def _agreed(rows: pd.DataFrame, times: ResponseTimes) -> pd.Series:
    def hours(kind: str, clock: str, risk: str) -> float:
        level = None if risk == "not stated" else risk
        decision = times.agreed(kind, "decision", level)
        return decision if clock == "decision" else decision + times.agreed(kind, "fulfilment", level)

    keys = zip(rows["kind"], rows["clock"], rows["risk_level"], strict=True)
    return pd.Series([hours(*key) for key in keys], index=rows.index, dtype=float)


def _paused(rows: pd.DataFrame, clocks: Clocks) -> pd.Series:
    """Business hours of each clock in which the request waited for its requester."""
    waits = rows.loc[rows["paused_from"].notna()].explode(["paused_from", "paused_until"])
    if waits.empty:
        return pd.Series(0.0, index=rows.index)
    waits = waits.reset_index(names="place")
    begin = pd.to_datetime(waits["paused_from"], utc=True).dt.as_unit("us")
    end = pd.to_datetime(waits["paused_until"], utc=True).dt.as_unit("us")
    # a wait counts only as far as it lies within the clock
    begin = begin.where(begin > waits["started_at"], waits["started_at"])
    end = end.where(end < waits["until"], waits["until"])
    hours = clocks.hours(waits["owner"], begin, end).clip(lower=0)
    return hours.groupby(waits["place"]).sum().reindex(rows.index, fill_value=0.0)


def statistics(measured: pd.DataFrame) -> Iterator[Statistic]:
    """Yield the share within the agreement per clock and population, overall and by risk level."""
    for clock in CLOCKS:
        rows = measured[measured["clock"] == clock]
        levels = [({"risk_level": str(level)}, part) for level, part in rows.groupby("risk_level")]
        for dimension, part in [({}, rows), *levels]:
            yield _share({"clock": clock, "of": "finished", **dimension}, part, late=("late",))
            yield _share({"clock": clock, "of": "due", **dimension}, part, late=("late", "running late"))


def _share(dimension: dict[str, str], rows: pd.DataFrame, *, late: tuple[str, ...]) -> Statistic:
    within, unknown = int((rows["outcome"] == "within").sum()), int((rows["outcome"] == "unknown").sum())
    n = within + int(rows["outcome"].isin(late).sum())
    reason = None if n else f"no {dimension['clock']} is {dimension['of']} whose start and end are known"
    return Statistic(dimension, within / n if n else None, "share", n, unknown, reason)
