"""A GitHub on good and bad days, over real HTTP: the register is complete, or as it was with one line why."""

from __future__ import annotations

from copy import deepcopy

import pytest

from governance.errors import SourceUnavailableError
from governance.intake.readers.github import kind
from governance.intake.readers.kind import Opening
from governance.intake.records import Pull
from governance.sandbox.faults import Faults
from governance.sandbox.github import TOKEN, Github
from governance.sandbox.http_server import serve
from governance.sandbox.scenario import build
from governance.sandbox.scenario.code_requests import REPOSITORY
from http_worlds import Server, ok, record_waits
from intake_worlds import connections, pull, rows, shipped


class Hub:
    """The repository of the scenario, and a source that reads it in pages of seven."""

    def __init__(self, site, url) -> None:
        self.site = site
        self.lookup = connections(platform_requests={"conn_type": "http", "host": url, "password": TOKEN})
        self.spec = self.with_options(page_size=7)
        self.issues = [issue for issue in site.issues if "pull_request" not in issue]

    def with_options(self, **options):
        spec = shipped("platform_requests")
        return spec.model_copy(update={"reader": spec.reader.model_copy(update=options)})

    def read(self, spec=None, cursor=None, lookup=None):
        told = Pull()
        reader = kind.open_reader(spec or self.spec, Opening(lookup or self.lookup))
        return list(reader.records(told, cursor)), told


@pytest.fixture
def hub(monkeypatch):
    site = Github(REPOSITORY, deepcopy(build().github_issues), Faults("/issues"))
    with serve(site.application()) as serving:
        hub = Hub(site, serving.url)
        hub.waits = record_waits(monkeypatch)
        yield hub


def numbers(records):
    return [record.raw["number"] for record in records]


def test_every_issue_comes_once_and_pull_requests_are_left_out_and_said(hub):
    for size in (1, 7, 100):
        records, told = hub.read(hub.with_options(page_size=size, history=False))
        assert numbers(records) == [issue["number"] for issue in hub.issues]
        assert told.notes == ["2 pull requests are no issues and were left out"]
        assert told.whole


def test_the_next_pull_asks_for_what_changed_since_with_an_overlap(hub):
    _, told = hub.read(hub.with_options(history=False))
    newest = max(issue["updated_at"] for issue in hub.site.issues if "pull_request" not in issue)
    assert told.cursor["updated"][:19] == newest[:19]
    records, again = hub.read(hub.with_options(history=False), told.cursor)
    assert [issue["updated_at"] for issue in hub.issues if issue["number"] in numbers(records)] == [newest]
    assert not again.whole


def test_a_poll_that_finds_nothing_new_costs_one_request(hub):
    records, _ = hub.read(cursor={"updated": "2026-11-16T10:00:00+00:00"})
    assert records == []
    assert sum(hub.site.faults.calls.values()) == 1


def test_the_doctor_hears_whether_the_repository_is_shown(hub):
    assert kind.probe(hub.spec, Opening(hub.lookup)).endswith("shows us example-org/platform-requests")
    hub.site.faults.plan("expired")
    with pytest.raises(SourceUnavailableError, match="does not accept our credentials"):
        kind.probe(hub.spec, Opening(hub.lookup))


def test_an_issue_that_changes_while_it_is_read_shifts_no_other_past_a_page(hub):
    reader = kind.open_reader(hub.with_options(page_size=7, history=False), Opening(hub.lookup)).records(
        Pull(), None
    )
    seen = [next(reader) for _ in range(7)]
    hub.issues[0]["updated_at"] = "2026-11-15T10:00:00Z"
    seen += list(reader)
    assert set(numbers(seen)) == {issue["number"] for issue in hub.issues}


def test_an_empty_page_with_a_next_link_is_not_the_end_and_duplicates_are_one_record(hub):
    hub.site.faults.plan("empty_page", skip=1)
    hub.site.faults.plan("duplicates", times=2)
    records, _ = hub.read(hub.with_options(page_size=7, history=False))
    assert numbers(records) == [issue["number"] for issue in hub.issues]


def test_both_ways_of_github_to_say_not_so_fast_are_waited_for(hub):
    hub.site.faults.plan("too_many_requests", retry_after=4)
    hub.site.faults.plan("secondary_limit", retry_after=8)
    records, _ = hub.read(hub.with_options(history=False))
    assert len(records) == len(hub.issues)
    assert hub.waits == [4.0, 8.0]


def test_a_next_link_to_somewhere_else_ends_the_pull(hub, register, now, tmp_path):
    elsewhere = Server(ok([]))
    with elsewhere.serving() as other:
        listing = ok([], Link=f'<{other}/repositories/1/issues?page=2>; rel="next"')
        with Server(listing).serving() as url:
            lookup = connections(platform_requests={"host": url, "password": TOKEN})
            result = pull(register, hub.spec, now, tmp_path, lookup=lookup)
    assert result.status == "failed"
    assert result.message.endswith(f"links to {other}, which is not its own origin: refused")
    assert elsewhere.asked == []


BAD_DAYS = {
    "expired": (
        {"times": None},
        "does not accept our credentials (401): check login and password of connection",
    ),
    "malformed": ({}, "answers 200 but not with JSON: '<html><body>Please wait while GitHub"),
    "truncated": ({}, "answers 200 but not with JSON"),
    "server_error": ({"times": None}, "answers 500 Internal Server Error, 4 times in a row"),
    "timeout": ({"times": None, "seconds": 1.0}, "does not answer within 0.2 s"),
    "secondary_limit": (
        {"times": None, "retry_after": 3600},
        "asks to wait 3600 s; we may wait 120 s in all",
    ),
}


def test_bad_days_leave_the_register_as_it_was_and_the_next_run_finishes(hub, register, now, tmp_path):
    for bad, (traits, words) in BAD_DAYS.items():
        hub.site.faults.plan(bad, skip=1, **traits)
        spec = hub.with_options(page_size=7, timeout_seconds=0.2 if bad == "timeout" else 30)
        result = pull(register, spec, now, tmp_path, lookup=hub.lookup)
        assert result.status == "failed", bad
        assert words in result.message
        assert "\n" not in result.message
        assert TOKEN not in result.message
        assert rows(register, "SELECT count(*) FROM request") == [(0,)]
        hub.site.faults.clear()
    nobody = connections(platform_requests={"host": "http://127.0.0.1:1"})
    assert "does not answer" in pull(register, hub.spec, now, tmp_path, lookup=nobody).message
    result = pull(register, hub.spec, now, tmp_path, lookup=hub.lookup)
    assert (result.status, result.pulled) == ("complete", len(hub.issues))
    assert result.pulled == result.loaded + result.quarantined
