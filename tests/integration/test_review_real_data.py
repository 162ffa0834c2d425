"""The KPIs over data that nobody here wrote equal an independent computation in pandas over the same file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from governance.intake.run import Intake
from governance.intake.spec import find_spec
from governance.review.kpis import Kpi, kpis
from review_worlds import at, policies

STATES = {
    "New": "submitted", "Active": "in_progress", "Awaiting User Info": "needs_information",
    "Awaiting Problem": "needs_information", "Awaiting Vendor": "needs_information",
    "Awaiting Evidence": "needs_information", "Resolved": "fulfilled", "Closed": "closed",
}  # fmt: skip
OPEN = ("submitted", "needs_information", "in_progress")
LATE, MIDDLE = at("2023-01-01 00:00"), at("2016-03-10 12:00")


def take_in(register: Engine, source: str, path: Path, lake: Path) -> None:
    """Run the example spec of a source over the file, as `governance intake SOURCE --path PATH` does."""
    result = Intake(register, LATE, str(lake), path=path).run(find_spec(source))
    assert (result.status, result.quarantined) == ("complete", 0), result.message


def ask(register: Engine, source: str, folder: Path, as_of: datetime) -> list[Kpi]:
    with register.begin() as connection:
        return kpis(connection, as_of=as_of, source=source, policies=folder)


def value(found: list[Kpi], kpi: str, **dimension: str) -> float | None:
    return next((k.value for k in found if k.id == kpi and k.dimension == dimension), None)


def event_log(path: Path) -> pd.DataFrame:
    """The log as it is: one row per update, oldest first, times in UTC."""
    log = pd.read_csv(path, dtype=str, na_values="?")
    moments = ("sys_updated_at", "opened_at", "resolved_at", "closed_at")
    times = {name: pd.to_datetime(log[name], format="%d/%m/%Y %H:%M", utc=True) for name in moments}
    assigned = log["assigned_to"].fillna(log["assignment_group"])
    log = log.assign(
        **times, assigned_to=assigned, status=log["incident_state"].map(STATES)
    ).drop_duplicates()
    return log.sort_values(["number", "sys_updated_at"], kind="stable")


@pytest.fixture
def log_file(shared_data: Path) -> Path:
    return shared_data / "itsm_event_log" / "incident_event_log.csv"


@pytest.mark.parametrize("as_of", [LATE, MIDDLE], ids=["at the end", "in the middle"])
def test_the_event_log_gives_the_kpis_that_pandas_gives(
    register: Engine, log_file: Path, tmp_path: Path, as_of: datetime
) -> None:
    take_in(register, "itsm_event_log", log_file, tmp_path / "lake")
    found = ask(register, "itsm_event_log", policies(tmp_path), as_of)
    log = event_log(log_file)
    seen = log[log["sys_updated_at"] <= as_of]
    each = seen.groupby("number", sort=False)
    last = each.tail(1).set_index("number")
    before = {name: each[name].shift() for name in ("status", "assigned_to")}
    is_open = seen["status"].isin(OPEN)

    assert value(found, "requests_total") == len(last)
    for status, count in last["status"].value_counts().items():
        assert value(found, "requests_total", status=str(status)) == count
    backlog = last[last["status"].isin(OPEN)]
    assert value(found, "backlog_open") == len(backlog)
    days = (as_of - backlog["opened_at"]) / pd.Timedelta(days=1)
    ages = {
        "under 7 days": (-1e9, 7),
        "7 to 30 days": (7, 30),
        "30 to 90 days": (30, 90),
        "90 days and over": (90, 1e9),
    }
    for name, (low, high) in ages.items():
        assert value(found, "backlog_open", age=name) == ((days >= low) & (days < high)).sum()

    reopened = is_open & before["status"].isin(["fulfilled", "closed"])
    assert value(found, "reopened", measure="transitions") == reopened.sum()
    assert value(found, "reopened", measure="requests") == seen.loc[reopened, "number"].nunique()
    assigned = before["assigned_to"].notna() & seen["assigned_to"].notna()
    moved = assigned & (seen["assigned_to"] != before["assigned_to"])
    assert value(found, "reassigned", measure="changes") == moved.sum()

    until = (
        each["sys_updated_at"]
        .shift(-1)
        .fillna(pd.Series(pd.Timestamp(as_of), index=seen.index).where(is_open))
    )
    stays = (until - seen["sys_updated_at"]) / pd.Timedelta(hours=1)
    for status, hours in stays.groupby(seen["status"]).sum(min_count=1).items():
        assert value(found, "hours_by_status", status=str(status)) == (
            None if pd.isna(hours) else pytest.approx(hours)
        )

    ends = _resolved_at(seen, last)
    ends = ends[(ends >= last["opened_at"].reindex(ends.index)) & (ends <= as_of)]
    begins = last["opened_at"].reindex(ends.index)
    assert len(ends) > 100
    spans = {"elapsed": (ends - begins) / pd.Timedelta(hours=1), "business": _worked(ends) - _worked(begins)}
    for hours, taken in spans.items():
        asked = {
            name: value(found, "time_to_resolution", statistic=name, hours=hours)
            for name in ("median", "mean", "p90")
        }
        expected = {"median": taken.median(), "mean": taken.mean(), "p90": taken.quantile(0.9)}
        assert asked == {name: pytest.approx(number) for name, number in expected.items()}

    resolved = ends.index
    story = seen[seen["number"].isin(resolved)]
    rework = (story["status"] == "needs_information") | reopened.loc[story.index]
    several = story.groupby("number").size() > 1
    yielded = ~rework.groupby(story["number"]).any()
    assert value(found, "first_pass_yield") == pytest.approx(yielded[several].mean())


def _resolved_at(seen: pd.DataFrame, last: pd.DataFrame) -> pd.Series:
    """When each incident that is not open was resolved: as its last row says, or as its rows show."""
    last_open = seen[seen["status"].isin(OPEN)].groupby("number")["sys_updated_at"].max()
    late_enough = seen["sys_updated_at"] >= seen["number"].map(last_open).fillna(pd.Timestamp(0, tz="UTC"))
    final = seen[late_enough].groupby(["number", "status"])["sys_updated_at"].min().unstack()
    settled = last[~last["status"].isin(OPEN)]
    said = (
        settled["resolved_at"].fillna(final["fulfilled"]).fillna(settled["closed_at"]).fillna(final["closed"])
    )
    return said.reindex(settled.index)


def _worked(moments: pd.Series) -> pd.Series:
    """Working hours since 1970 (09:00-17:00 UTC, Monday to Friday): differences are business hours."""
    days = moments.dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    today = ((moments - moments.dt.normalize()) / pd.Timedelta(hours=1) - 9).clip(0, 8) * np.is_busday(days)
    return today + 8 * np.busday_count("1970-01-01", days)


def test_service_requests_meet_their_due_dates_as_often_as_pandas_says(
    register: Engine, shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "service_requests" / "boston311-100.csv"
    take_in(register, "service_requests", path, tmp_path / "lake")
    found = ask(register, "service_requests", policies(tmp_path), LATE)
    table = pd.read_csv(path, dtype=str)
    moments = {
        c: pd.to_datetime(table[c]).dt.tz_localize("America/New_York")
        for c in ("open_dt", "target_dt", "closed_dt")
    }
    table = table.assign(**moments)

    hours = (table["closed_dt"] - table["open_dt"]) / pd.Timedelta(hours=1)
    assert value(found, "time_to_resolution", statistic="median", hours="elapsed") == pytest.approx(
        hours.median()
    )
    assert value(found, "time_to_resolution", statistic="p90", hours="elapsed") == pytest.approx(
        hours.quantile(0.9)
    )
    assert value(found, "backlog_open") == (table["case_status"] == "Open").sum()

    dated = table[table["target_dt"].notna()]
    in_time = dated["closed_dt"] <= dated["target_dt"]
    promised = [
        k for k in found if k.id == "within_agreement" and k.dimension == {"clock": "resolution", "of": "due"}
    ]
    undated = table[table["target_dt"].isna()]
    assert promised[0].n == len(dated) + len(undated)
    agreed = _within_two_days_of_work(undated)
    assert promised[0].value == pytest.approx((in_time.sum() + agreed) / promised[0].n)
    assert (in_time == (dated["ontime"] == "ONTIME")).all()


def _within_two_days_of_work(table: pd.DataFrame) -> int:
    """How many were closed within 16 business hours: the agreements for decision and fulfilment together."""
    closed = table.dropna(subset="closed_dt")
    begin, end = (closed[name].dt.tz_convert("UTC") for name in ("open_dt", "closed_dt"))
    return int((_worked(end) - _worked(begin) <= 16).sum())
