"""Each KPI says what its definition says, on histories small enough to count by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from governance.review.kpis import REGISTRY, Kpi, kpis
from review_worlds import at, intake_run, policies, seen, tell

NOW = at("2026-11-16 08:00")


@pytest.fixture
def connection(register: Engine) -> Iterator[Connection]:
    with register.begin() as connection:
        yield connection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return policies(tmp_path)


def value(found: list[Kpi], kpi: str, **dimension: str) -> float | None:
    return one(found, kpi, **dimension).value


def one(found: list[Kpi], kpi: str, **dimension: str) -> Kpi:
    return next(k for k in found if k.id == kpi and k.dimension == dimension)


def ask(connection: Connection, folder: Path, as_of: datetime = NOW, **kwargs: object) -> list[Kpi]:
    return kpis(connection, as_of=as_of, policies=folder, **kwargs)  # type: ignore[arg-type]


def test_an_empty_register_counts_nothing_and_knows_no_time(connection: Connection, folder: Path) -> None:
    found = ask(connection, folder)
    assert value(found, "requests_total") == 0
    median = one(found, "time_to_decision", statistic="median", hours="elapsed")
    assert (median.value, median.n) == (None, 0)
    assert median.reason
    assert one(found, "first_pass_yield").value is None
    assert {kpi.id for kpi in found} <= set(REGISTRY)


def test_requests_are_counted_by_kind_and_status_up_to_and_including_the_instant(
    connection: Connection, folder: Path
) -> None:
    tell(connection, [
        seen("A", "submitted", "2026-11-01"), seen("A", "approved", "2026-11-16 08:00"),
        seen("B", "submitted", "2026-11-16 08:00:00.000001"),
        seen("C", "submitted", "2026-11-02", kind="addition"),
    ], known_at=NOW)  # fmt: skip
    found = ask(connection, folder)
    assert value(found, "requests_total") == 2
    assert value(found, "requests_total", kind="change", status="approved") == 1
    assert value(found, "requests_total", kind="addition") == 1


def test_a_backlog_ages_into_the_bucket_that_holds_its_lower_bound(
    connection: Connection, folder: Path
) -> None:
    tell(connection, [
        seen("week", "submitted", "2026-11-09 08:00", submitted_at="2026-11-09 08:00"),
        seen("nearly", "submitted", "2026-11-09 08:01", submitted_at="2026-11-09 08:01"),
        seen("old", "in_progress", "2026-08-18 08:00", submitted_at="2026-08-18 08:00"),
        seen("unnamed", "in_review", "2026-08-18 08:00"),
        seen("done", "closed", "2026-08-18 08:00", submitted_at="2026-08-18 08:00"),
        seen("live", "approved", "2026-08-18 08:00", kind="exception", submitted_at="2026-08-18 08:00"),
    ], known_at=NOW)  # fmt: skip
    found = ask(connection, folder)
    total = one(found, "backlog_open")
    assert (total.value, total.unknown) == (4, 1)
    assert value(found, "backlog_open", age="under 7 days") == 1
    assert value(found, "backlog_open", age="7 to 30 days") == 1
    assert value(found, "backlog_open", age="30 to 90 days") == 0
    assert value(found, "backlog_open", age="90 days and over") == 1


def test_time_to_decision_in_elapsed_and_business_hours(connection: Connection, folder: Path) -> None:
    def decided(key: str, submitted: str, decision: str, **more: str) -> list[dict[str, object]]:
        return [seen(key, "submitted", submitted, submitted_at=submitted, **more),
                seen(key, "approved", decision, submitted_at=submitted, **more)]  # fmt: skip

    tell(connection, [
        *decided("friday", "2026-11-06 16:00", "2026-11-09 10:00", risk_level="high"),   # 66 h, 2 business hours
        *decided("day", "2026-11-10 09:00", "2026-11-11 09:00", risk_level="low"),       # 24 h, 8 business hours
        *decided("hour", "2026-11-12 09:00", "2026-11-12 10:00", risk_level="low"),      # 1 h, 1 business hour
        seen("bypass", "closed", "2026-11-12", submitted_at="2026-11-13", decided_at="2026-11-12"),
        seen("open", "submitted", "2026-11-12", submitted_at="2026-11-12"),
    ], known_at=NOW)  # fmt: skip
    found = ask(connection, folder)
    median = one(found, "time_to_decision", statistic="median", hours="elapsed")
    assert (median.value, median.n, median.unknown, median.unit) == (24, 3, 1, "hours")
    assert value(found, "time_to_decision", statistic="mean", hours="elapsed") == pytest.approx(91 / 3)
    assert value(found, "time_to_decision", statistic="p90", hours="elapsed") == pytest.approx(24 + 0.8 * 42)
    assert value(found, "time_to_decision", statistic="median", hours="business") == 2
    assert value(found, "time_to_decision", statistic="mean", hours="elapsed", risk_level="low") == 12.5


def test_time_to_resolution_ends_with_fulfilment_or_else_with_closure(
    connection: Connection, folder: Path
) -> None:
    tell(connection, [
        seen("F", "submitted", "2026-11-02 00:00", submitted_at="2026-11-02 00:00"),
        seen("F", "fulfilled", "2026-11-02 10:00", submitted_at="2026-11-02 00:00"),
        seen("F", "closed", "2026-11-05 00:00", submitted_at="2026-11-02 00:00"),
        seen("C", "closed", "2026-11-05 00:00", submitted_at="2026-11-04 00:00"),
        seen("R", "fulfilled", "2026-11-05 00:00", submitted_at="2026-11-04 00:00"),
        seen("R", "in_progress", "2026-11-06 00:00", submitted_at="2026-11-04 00:00"),
    ], known_at=NOW)  # fmt: skip
    mean = one(ask(connection, folder), "time_to_resolution", statistic="mean", hours="elapsed")
    assert (mean.value, mean.n) == (17, 2)


def test_agreements_stop_while_the_requester_is_asked_and_a_due_date_of_the_source_wins(
    connection: Connection, folder: Path
) -> None:
    monday = {"submitted_at": "2026-11-09 09:00"}
    tell(connection, [
        seen("asked", "submitted", "2026-11-09 09:00", **monday),
        seen("asked", "needs_information", "2026-11-09 11:00", **monday),
        seen("asked", "in_review", "2026-11-10 11:00", **monday),
        seen("asked", "rejected", "2026-11-10 16:00", **monday),                # 15 - 8 = 7 of 8 hours
        seen("late", "submitted", "2026-11-09 09:00", **monday),
        seen("late", "rejected", "2026-11-10 09:00:01", **monday),              # a second beyond
        seen("exact", "submitted", "2026-11-09 09:00", **monday),
        seen("exact", "rejected", "2026-11-10 09:00", due_at="2026-11-10 08:59", **monday),
        seen("waits", "submitted", "2026-11-09 09:00", **monday),
        seen("young", "submitted", "2026-11-13 16:00", submitted_at="2026-11-13 16:00"),
    ], known_at=NOW)  # fmt: skip
    found = ask(connection, folder)
    decided = one(found, "within_agreement", clock="decision", of="finished")
    assert (decided.value, decided.n) == (pytest.approx(2 / 3), 3)
    assert value(found, "within_agreement", clock="decision", of="due") == 0.5
    assert value(found, "within_agreement", clock="resolution", of="finished") == pytest.approx(2 / 3)


def test_reopening_reassignment_hours_and_first_pass_yield(connection: Connection, folder: Path) -> None:
    tell(connection, [
        seen("A", "submitted", "2026-11-02 00:00", assignee="ann"),
        seen("A", "in_progress", "2026-11-02 06:00", assignee="bob"),
        seen("A", "fulfilled", "2026-11-02 10:00", assignee="bob"),
        seen("A", "in_progress", "2026-11-03 10:00", assignee="ann"),
        seen("A", "closed", "2026-11-03 12:00", assignee="ann"),
        seen("B", "submitted", "2026-11-02 00:00"),
        seen("B", "fulfilled", "2026-11-02 02:00", assignee="cid"),
        seen("C", "submitted", "2026-11-16 07:00"),
        seen("D", "closed", "2026-11-02 00:00"),
    ], known_at=NOW)  # fmt: skip
    found = ask(connection, folder)
    assert value(found, "reopened", measure="transitions") == 1
    assert (value(found, "reopened", measure="share"), one(found, "reopened", measure="share").unknown) == (
        0.5,
        2,
    )
    assert value(found, "reassigned", measure="changes") == 2
    assert one(found, "reassigned", measure="requests").n == 2
    assert value(found, "hours_by_status", status="submitted") == 6 + 2 + 1
    assert value(found, "hours_by_status", status="in_progress") == 4 + 2
    assert one(found, "hours_by_status", status="closed").value is None
    passed = one(found, "first_pass_yield")
    assert (passed.value, passed.n, passed.unknown) == (0.5, 2, 1)


def test_exceptions_live_from_their_start_up_to_but_not_including_their_end(
    connection: Connection, folder: Path
) -> None:
    def exception(key: str, since: str, until: str, **more: str) -> dict[str, object]:
        return seen(
            key, "approved", "2026-01-01", kind="exception", valid_from=since, valid_until=until, **more
        )

    tell(connection, [
        exception("starts now", "2026-11-16 08:00", "2027-11-16"),
        exception("ends now", "2026-01-01", "2026-11-16 08:00"),
        exception("thirty", "2026-01-01", "2026-12-16 08:00", renewal_of="old"),
        exception("sixty", "2026-01-01", "2026-12-16 08:00:01"),
        exception("later", "2026-11-16 08:00:01", "2027-11-16"),
    ], known_at=NOW)  # fmt: skip
    found = ask(connection, folder)
    assert value(found, "exceptions", state="live") == 3
    assert value(found, "exceptions", state="expiring", within="30 days") == 1
    assert value(found, "exceptions", state="expiring", within="60 days") == 2
    assert value(found, "exceptions", state="renewal") == 1
    over = one(found, "exceptions", state="expired but live")
    assert (over.value, over.unknown, over.reason) == (None, 1, "no reconciliation has run yet")


def test_what_no_rule_and_no_source_gives_an_owner_counts_against_coverage(
    connection: Connection, folder: Path
) -> None:
    tell(connection, [
        seen("ruled", "submitted", "2026-11-01", owner="owner@example.com", owner_rule="owner"),
        seen("named", "submitted", "2026-11-01", owner="else@example.com", owner_rule="named by the source"),
        seen("nobody", "submitted", "2026-11-01", owner="office@example.com"),
        seen("closed", "closed", "2026-11-01", owner="office@example.com"),
    ], known_at=NOW)  # fmt: skip
    coverage = one(ask(connection, folder), "owner_coverage")
    assert (coverage.value, coverage.n) == (pytest.approx(2 / 3), 3)


def test_throughput_counts_what_came_and_what_left_in_a_window(connection: Connection, folder: Path) -> None:
    tell(connection, [
        seen("edge", "submitted", "2026-11-09 08:00", submitted_at="2026-11-09 08:00"),
        seen("in", "closed", "2026-11-12", submitted_at="2026-11-10"),
        seen("exc", "approved", "2026-11-12", kind="exception", submitted_at="2026-10-25"),
    ], known_at=NOW)  # fmt: skip
    found = ask(connection, folder)
    assert value(found, "throughput", flow="in", window="7 days") == 1
    assert value(found, "throughput", flow="in", window="28 days") == 3
    assert value(found, "throughput", flow="out", window="7 days") == 2


def test_intake_quality_shows_the_latest_run_of_each_source(connection: Connection, folder: Path) -> None:
    intake_run(connection, "drops", at("2026-11-09"), pulled=4)
    intake_run(connection, "drops", NOW, pulled=10, quarantined=3)
    intake_run(connection, "drops", at("2026-11-23"), pulled=1)
    found = ask(connection, folder)
    assert value(found, "intake_quality", source="drops", count="pulled") == 10
    assert value(found, "intake_quality", source="drops", count="yield") == 0.7


def test_a_source_and_a_past_knowledge_can_be_asked_for(connection: Connection, folder: Path) -> None:
    tell(connection, [seen("A", "submitted", "2026-11-01")], known_at=at("2026-11-02"), source="one")
    tell(connection, [seen("B", "submitted", "2026-11-01")], known_at=at("2026-11-10"), source="two")
    assert value(ask(connection, folder), "requests_total") == 2
    assert value(ask(connection, folder, source="two"), "requests_total") == 1
    assert value(ask(connection, folder, known=at("2026-11-05")), "requests_total") == 1
    assert value(ask(connection, folder, as_of=at("2026-10-01")), "requests_total") == 0
