"""A ServiceNow on good and bad days, over real HTTP: the register is complete, or as it was with one line why."""

from __future__ import annotations

from copy import deepcopy

import pytest

from governance.errors import SourceUnavailableError
from governance.intake.readers.kind import Opening
from governance.intake.readers.servicenow import kind
from governance.intake.records import Pull
from governance.sandbox.faults import Faults
from governance.sandbox.http_server import serve
from governance.sandbox.scenario import build
from governance.sandbox.servicenow import LOGIN, PASSWORD, ServiceNow
from http_worlds import Server, ok, record_waits
from intake_worlds import connections, pull, rows, shipped


class Desk:
    """The service desk of the scenario, and a source that reads it in pages of seven."""

    def __init__(self, site, url) -> None:
        self.site = site
        self.lookup = connections(
            service_desk={"conn_type": "http", "host": url, "login": LOGIN, "password": PASSWORD}
        )
        self.spec = self.with_options(page_size=7)

    def with_options(self, **options):
        spec = shipped("service_desk")
        return spec.model_copy(update={"reader": spec.reader.model_copy(update=options)})

    def read(self, spec=None, cursor=None):
        told = Pull()
        reader = kind.open_reader(spec or self.spec, Opening(self.lookup))
        return list(reader.records(told, cursor)), told


@pytest.fixture
def desk(monkeypatch):
    tables = deepcopy(build().servicenow_tables)
    with serve((site := ServiceNow(tables, Faults("/table/change_request"))).application()) as serving:
        desk = Desk(site, serving.url)
        desk.waits = record_waits(monkeypatch)
        yield desk


def numbers(records):
    return sorted(record.locator for record in records)


def test_every_record_comes_once_whatever_the_page_size_with_its_history(desk):
    expected = sorted(row["number"] for row in desk.site.tables["change_request"])
    for size in (1, 7, 20, 1000):
        records, told = desk.read(desk.with_options(page_size=size))
        assert numbers(records) == expected
        assert told.places == set(expected)
        assert told.whole
    worked_on = [record for record in records if record.raw.get("@audit")]
    assert len(worked_on) > 10


def test_a_poll_that_finds_nothing_new_costs_one_request(desk):
    _, told = desk.read()
    desk.site.faults.clear()
    ahead = {"updated": "2026-11-16T08:00:00+00:00"}
    records, again = desk.read(cursor=ahead)
    assert records == []
    assert not again.whole
    assert again.cursor == ahead
    assert sum(desk.site.faults.calls.values()) == 1
    assert told.cursor["updated"] < ahead["updated"]


def test_the_doctor_hears_whether_the_table_may_be_read(desk):
    assert kind.probe(desk.spec, Opening(desk.lookup)).endswith("lets us read change_request")
    desk.site.denied.add("change_request")
    with pytest.raises(SourceUnavailableError, match="forbids us to read"):
        kind.probe(desk.spec, Opening(desk.lookup))


def test_many_rows_of_one_second_are_read_to_their_end(desk):
    for row in desk.site.tables["change_request"]:
        row["sys_updated_on"] = {"value": "2026-10-01 10:00:00", "display_value": "01.10.2026 12:00:00"}
    records, _ = desk.read(desk.with_options(page_size=3, history=False))
    assert len(records) == len(desk.site.tables["change_request"])


def test_a_record_that_changes_while_it_is_read_is_not_skipped_nor_its_neighbours(desk):
    table = desk.site.tables["change_request"]
    oldest = min(table, key=lambda row: row["sys_updated_on"]["value"])
    spec = desk.with_options(page_size=7, history=False)
    reader = kind.open_reader(spec, Opening(desk.lookup)).records(Pull(), None)
    seen = [next(reader) for _ in range(7)]
    oldest["sys_updated_on"] = {"value": "2026-11-15 10:00:00", "display_value": "15.11.2026 11:00:00"}
    seen += list(reader)
    assert {record.locator for record in seen} == {row["number"] for row in table}
    states = [r.raw["sys_updated_on"]["value"] for r in seen if r.locator == oldest["number"]]
    assert states[-1] == "2026-11-15 10:00:00"


def test_where_the_audit_is_not_granted_a_note_says_so_and_records_come_nevertheless(desk):
    desk.site.denied.add("sys_audit")
    records, told = desk.read()
    assert len(records) == len(desk.site.tables["change_request"])
    assert told.notes == ["sys_audit is not granted (403): history begins with what each pull sees"]
    assert sum(count for path, count in desk.site.faults.calls.items() if "sys_audit" in path) == 1


def test_a_page_that_access_rules_emptied_is_not_the_end(desk):
    desk.site.faults.plan("empty_page", skip=1)
    records, _ = desk.read()
    assert len(records) == len(desk.site.tables["change_request"])


def test_duplicates_within_and_across_pages_are_one_record(desk):
    desk.site.faults.plan("duplicates", times=2)
    records, _ = desk.read()
    assert numbers(records) == sorted(row["number"] for row in desk.site.tables["change_request"])


def test_throttling_is_waited_for_as_asked(desk):
    desk.site.faults.plan("too_many_requests", times=2, retry_after=9, skip=1)
    records, _ = desk.read()
    assert len(records) == len(desk.site.tables["change_request"])
    assert desk.waits == [9.0, 9.0]


@pytest.mark.parametrize("query", ["active=true^NQactive=false", "active=true^ORDERBYnumber"])
def test_a_query_that_would_break_the_order_is_refused_in_the_spec(query):
    from governance.intake.readers.servicenow.options import ServiceNowOptions

    with pytest.raises(ValueError, match="an encoded query without"):
        ServiceNowOptions(type="servicenow", table="change_request", query=query)


def test_a_source_that_goes_in_a_circle_ends(desk):
    row = {"sys_id": "a", "number": "CHG0000001", "sys_updated_on": "2026-10-01 10:00:00"}
    with Server(ok({"result": [row]})).serving() as url:
        desk.lookup = connections(service_desk={"host": url})
        with pytest.raises(SourceUnavailableError, match="go in a circle"):
            desk.read(desk.with_options(page_size=1, history=False))


BAD_DAYS = {
    "expired": (
        {"times": None},
        "does not accept our credentials (401): check login and password of connection",
    ),
    "malformed": ({}, "answers 200 but not with JSON: '<html><body>Please wait while ServiceNow"),
    "truncated": ({}, "answers 200 but not with JSON"),
    "server_error": ({"times": None}, "answers 500 Internal Server Error, 4 times in a row"),
    "timeout": ({"times": None, "seconds": 1.0}, "does not answer within 0.2 s"),
    "too_many_requests": (
        {"times": None, "retry_after": 3600},
        "asks to wait 3600 s; we may wait 120 s in all",
    ),
}


def test_bad_days_leave_the_register_as_it_was_and_the_next_run_finishes(desk, register, now, tmp_path):
    for bad, (traits, words) in BAD_DAYS.items():
        desk.site.faults.plan(bad, skip=1, **traits)
        spec = desk.with_options(page_size=7, timeout_seconds=0.2 if bad == "timeout" else 30)
        result = pull(register, spec, now, tmp_path, lookup=desk.lookup)
        assert result.status == "failed", bad
        assert words in result.message
        assert "\n" not in result.message
        assert PASSWORD not in result.message
        assert rows(register, "SELECT count(*) FROM request") == [(0,)]
        desk.site.faults.clear()
    nobody = connections(service_desk={"host": "http://127.0.0.1:1"})
    assert "does not answer" in pull(register, desk.spec, now, tmp_path, lookup=nobody).message
    result = pull(register, desk.spec, now, tmp_path, lookup=desk.lookup)
    assert (result.status, result.pulled) == ("complete", len(desk.site.tables["change_request"]))
    assert result.pulled == result.loaded + result.quarantined
    newest = rows(register, "SELECT cursor_after ->> 'updated' FROM intake_run WHERE status = 'complete'")
    updated = max(row["sys_updated_on"]["value"] for row in desk.site.tables["change_request"])
    assert newest[0][0][:16].replace("T", " ") == updated[:16]
