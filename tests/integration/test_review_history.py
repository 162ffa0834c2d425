"""One query per series answers every week and month, and agrees with the KPI asked at the end of each."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from governance.review.facts import Facts, gather
from governance.review.kpis import kpis
from governance.review.measures import BY_ID
from review_worlds import at, policies, seen, tell

NOW = at("2026-11-16 08:00")


def facts(register: Engine, folder: Path) -> Facts:
    with register.begin() as connection:
        return gather(connection, as_of=NOW, known=None, policies=folder)


def value(found: Facts, measure: str, name: str) -> float | None:
    return next(p.value for p in found.histories[measure] if p.period.name == name)


def _tell(register: Engine) -> None:
    with register.begin() as connection:
        tell(connection, [
            seen("A", "submitted", "2026-10-05 00:00", submitted_at="2026-10-05 00:00"),
            seen("A", "in_review", "2026-10-08 09:00", submitted_at="2026-10-05 00:00"),
            seen("A", "approved", "2026-10-14 09:00", submitted_at="2026-10-05 00:00"),
            seen("A", "fulfilled", "2026-10-20 00:00", submitted_at="2026-10-05 00:00"),
            seen("A", "in_progress", "2026-10-28 00:00", submitted_at="2026-10-05 00:00"),
            seen("A", "closed", "2026-11-09 00:00", submitted_at="2026-10-05 00:00"),
            seen("B", "submitted", "2026-11-08 23:59", submitted_at="2026-11-08 23:59"),
            seen("C", "submitted", "2026-10-12 00:00", submitted_at="2026-10-12 00:00"),
            seen("E", "approved", "2026-10-12 00:00", kind="exception", submitted_at="2026-10-11 00:00",
                 valid_from="2026-10-12 00:00", valid_until="2026-11-02 00:00", renewal_of="D"),
        ], known_at=NOW)  # fmt: skip


def test_counts_fall_into_half_open_weeks(register: Engine, tmp_path: Path) -> None:
    _tell(register)
    found = facts(register, policies(tmp_path))
    assert value(found, "arrived", "2026-W41") == 2
    assert value(found, "arrived", "2026-W42") == 1
    assert value(found, "arrived", "2026-W45") == 1
    assert value(found, "departed", "2026-W46") == 1
    assert value(found, "departed", "2026-W43") == 0
    assert value(found, "renewals", "2026-W42") == 1


def test_states_are_those_at_the_end_of_a_week_and_follow_a_reopening(
    register: Engine, tmp_path: Path
) -> None:
    _tell(register)
    found = facts(register, policies(tmp_path))
    weeks = (41, 42, 43, 44, 45, 46)
    assert [value(found, "backlog", f"2026-W{week}") for week in weeks] == [1, 2, 1, 2, 3, 2]
    assert [value(found, "exceptions_live", f"2026-W{week}") for week in (41, 42, 43, 44)] == [0, 1, 1, 1]
    assert value(found, "exceptions_live", "2026-W45") == 0


def test_a_series_agrees_with_the_kpi_asked_just_before_the_end_of_each_week(
    register: Engine, tmp_path: Path
) -> None:
    _tell(register)
    folder = policies(tmp_path)
    found = facts(register, folder)
    weeks = [p for p in found.histories["backlog"] if p.period.kind == "week" and p.value is not None]
    assert len(weeks) == 6
    with register.begin() as connection:
        for point in weeks:
            before = datetime.fromtimestamp(point.period.end.timestamp() - 1e-6, tz=point.period.end.tzinfo)
            asked = kpis(connection, as_of=before, policies=folder)
            backlog = next(k for k in asked if k.id == "backlog_open" and not k.dimension)
            live = next(k for k in asked if k.id == "exceptions" and k.dimension == {"state": "live"})
            assert (point.value, value(found, "exceptions_live", point.period.name)) == (
                backlog.value,
                live.value,
            )


def test_before_the_first_request_nothing_is_known(register: Engine, tmp_path: Path) -> None:
    _tell(register)
    found = facts(register, policies(tmp_path))
    assert value(found, "backlog", "2026-W40") is None
    assert value(found, "arrived", "2026-W40") is None
    assert value(found, "time_to_decision_median", "2026-W41") is None
    assert value(found, "reminded", "2026-W46") is None
    assert set(found.histories) == set(BY_ID)


def test_decisions_count_in_the_week_they_were_made(register: Engine, tmp_path: Path) -> None:
    _tell(register)
    found = facts(register, policies(tmp_path))
    # A: Monday 5 October 00:00 to Wednesday 14 October 09:00 is 7 business days of 8 hours
    assert value(found, "time_to_decision_median", "2026-W42") == (56 + 0) / 2
    assert value(found, "decided_in_time", "2026-W42") == 0.5
