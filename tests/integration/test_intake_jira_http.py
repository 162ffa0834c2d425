"""A Jira on a bad day, over real HTTP: the register stays as it was, one line says why, the next run finishes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from json import dumps
from typing import Any

import pytest

from http_worlds import Answer, Server, record_waits, status
from intake_worlds import connections, pull, rows, shipped


def issue(number: int, updated: str = "2026-03-01T10:00:00.000+0100", **fields: Any) -> dict[str, Any]:
    told = {
        "summary": f"Issue {number}", "issuetype": {"name": "Change"}, "status": {"name": "Open"}, "created": updated,
        "updated": updated, "reporter": {"emailAddress": "rita@example.com", "displayName": "Rita"},
        "customfield_10012": "account/100000000012", **fields,
    }  # fmt: skip
    return {
        "key": f"GOV-{number}",
        "id": str(number),
        "fields": told,
        "changelog": {"histories": [], "total": 0},
    }


def page(*issues: dict[str, Any], token: str | None = None) -> Answer:
    more = {"nextPageToken": token, "isLast": False} if token else {"isLast": True}
    return 200, {"Content-Type": "application/json"}, dumps({"issues": issues, **more})


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """How long the reader would have slept."""
    return record_waits(monkeypatch)


@pytest.fixture
def jira(register, now, tmp_path, waits):
    """Run the Jira source against a server with this script; return (result, what was asked)."""

    def run(*script, full=False, options=None, **connection):
        server = Server(*script)
        with server.serving() as url:
            found = {"host": url, "login": "robot@example.com", "password": "s3cret", **connection}
            spec = shipped("platform_jira")
            spec = spec.model_copy(update={"reader": spec.reader.model_copy(update=options or {})})
            lookup = connections(platform_jira=found)
            return pull(register, spec, now, tmp_path, lookup=lookup, full=full), server.asked

    return run


def test_an_empty_page_with_a_token_is_not_the_end(jira):
    result, asked = jira(page(token="b"), page(issue(1)))
    assert (result.status, result.loaded) == ("complete", 1)
    assert [query.get("nextPageToken") for _, query, _ in asked] == [None, "b"]


def test_pages_that_go_in_a_circle_end_the_run(jira, register):
    result, _ = jira(page(issue(1), token="b"), page(issue(2), token="b"))
    assert result.status == "failed"
    assert "same page token twice" in result.message
    assert rows(register, "SELECT count(*) FROM request") == [(0,)]
    again, _ = jira(page(issue(1), token="b"), page(issue(2)))
    assert (again.status, again.loaded) == ("complete", 2)


def test_retry_after_is_honoured_as_seconds_and_as_a_date(jira, waits):
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    result, _ = jira(status(429, Retry_After="7"), status(429, Retry_After=soon), page(issue(1)))
    assert result.loaded == 1
    assert waits[0] == 7
    assert 25 < waits[1] <= 30


def test_nobody_waits_for_ever(jira, waits):
    result, _ = jira(status(429, Retry_After="3600"))
    assert result.status == "failed"
    assert result.message.endswith(
        "answers 429 Too Many Requests and asks to wait 3600 s; we may wait 120 s in all"
    )
    assert waits == []


def test_a_server_that_stumbles_is_asked_again_a_few_times(jira, waits):
    result, _ = jira(status(503), status(500), page(issue(1)))
    assert (result.loaded, waits) == (1, [1.0, 2.0])
    result, asked = jira(status(503))
    assert result.message.endswith("answers 503 Service Unavailable, 4 times in a row")
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("code", "words"), [(401, "does not accept our credentials"), (403, "forbids us to read")]
)
def test_refused_credentials_are_one_clear_line_without_the_secret(jira, code, words):
    result, asked = jira(status(code))
    assert result.status == "failed"
    assert f"{words} ({code}): check login and password of connection platform_jira" in result.message
    assert "s3cret" not in result.message
    assert len(asked) == 1


def test_what_jira_says_about_a_wrong_query_is_passed_on(jira):
    result, _ = jira((400, {}, dumps({"errorMessages": ["Error in the JQL Query: no project GOV"]})))
    assert result.message.endswith("answers 400: Error in the JQL Query: no project GOV")


@pytest.mark.parametrize("body", ["<html>starting</html>", '{"issues": [', '{"hello": 1}'])
def test_an_answer_that_is_no_page_of_issues_ends_the_run(jira, register, body):
    result, _ = jira(page(issue(1), token="b"), (200, {}, body))
    assert result.status == "failed"
    assert "answers" in result.message
    assert rows(register, "SELECT count(*) FROM request") == [(0,)]


def test_a_server_that_is_not_there_or_silent_is_one_line(jira, register, now, tmp_path, waits):
    lookup = connections(platform_jira={"host": "http://127.0.0.1:1"})
    result = pull(register, shipped("platform_jira"), now, tmp_path, lookup=lookup)
    assert result.message.startswith("http://127.0.0.1:1 does not answer: ")
    assert "\n" not in result.message

    def silent(path, query):
        threading.Event().wait(1)
        return page()

    result, _ = jira(silent, options={"timeout_seconds": 0.1, "attempts": 2})
    assert result.message.endswith("does not answer within 0.1 s, 2 times in a row")


def test_a_login_is_basic_authentication_and_a_token_alone_is_a_bearer(jira):
    _, asked = jira(page())
    assert asked[0][2].startswith("Basic ")
    _, asked = jira(page(), login=None)
    assert asked[0][2] == "Bearer s3cret"


def test_only_the_mapped_fields_are_asked_for_with_the_changelog(jira):
    _, asked = jira(page())
    path, query, _ = asked[0]
    assert path == "/rest/api/3/search/jql"
    assert query["jql"] == "project = GOV ORDER BY key ASC"
    assert query["expand"] == "changelog"
    assert {"summary", "status", "customfield_10011", "updated"} <= set(query["fields"].split(","))
    assert "labels" not in query["fields"]


def test_the_next_pull_starts_an_overlap_before_the_last_update_on_the_users_clock(jira):
    jira(page(issue(1, "2026-03-01T10:00:00.000+0100"), issue(2, "2026-07-01T10:00:00.000+0000")))
    _, asked = jira(page())
    assert asked[0][1]["jql"] == 'project = GOV AND updated >= "2026-07-01 11:00" ORDER BY key ASC'
    _, asked = jira(page(), full=True)
    assert "updated" not in asked[0][1]["jql"]
    _, asked = jira(page(), options={"user_time_zone": "UTC"})
    assert 'updated >= "2026-07-01 09:00"' in asked[0][1]["jql"]


def test_a_failed_pull_does_not_move_the_start_of_the_next(jira):
    jira(page(issue(1)))
    jira(page(issue(2, "2026-09-01T10:00:00.000+0100"), token="b"), status(401))
    _, asked = jira(page())
    assert 'updated >= "2026-03-01 09:00"' in asked[0][1]["jql"]


def test_an_issue_that_is_seen_twice_in_one_pull_is_one_record(jira):
    result, _ = jira(page(issue(1), issue(2), token="b"), page(issue(2), issue(3)))
    assert (result.pulled, result.loaded) == (3, 3)


def test_a_long_changelog_is_fetched_to_its_end(jira, register):
    def entry(day: int, old: str, new: str) -> dict[str, Any]:
        return {
            "id": str(day), "created": f"2026-03-{day:02d}T10:00:00.000+0100", "author": {"displayName": "Ann"},
            "items": [{"field": "status", "fieldId": "status", "fromString": old, "toString": new}],
        }  # fmt: skip

    entries = [entry(2, "Open", "In Review"), entry(3, "In Review", "Approved")]
    short = {**issue(1, status={"name": "Approved"}), "changelog": {"histories": entries[1:], "total": 2}}
    result, asked = jira(
        page(short),
        (200, {}, dumps({"values": entries[:1], "total": 2})),
        (200, {}, dumps({"values": entries[1:], "total": 2})),
    )
    assert result.loaded == 1
    assert [path for path, _, _ in asked[1:]] == ["/rest/api/3/issue/GOV-1/changelog"] * 2
    seen = rows(register, "SELECT status FROM request_event ORDER BY valid_at")
    assert seen == [("submitted",), ("in_review",), ("approved",)]


def test_data_center_pages_by_offset_and_names_its_fields_by_name(jira, register):
    named = {
        "id": "9", "created": "2026-03-02T10:00:00.000+0100", "author": {"name": "ann", "displayName": "Ann"},
        "items": [{"field": "Risk level", "from": "1", "fromString": "Low", "to": "2", "toString": "High"}],
    }  # fmt: skip
    first = {**issue(1, customfield_10011={"value": "High"}), "changelog": {"histories": [named]}}

    def found(*issues: dict[str, Any], start: int) -> Answer:
        return 200, {}, dumps({"startAt": start, "total": 2, "issues": issues})

    fields = (200, {}, dumps([{"id": "customfield_10011", "name": "Risk level"}]))
    result, asked = jira(
        found(first, start=0), fields, found(issue(2), start=1), options={"deployment": "data_center"}
    )
    assert (result.status, result.loaded) == ("complete", 2)
    assert [(path, query.get("startAt")) for path, query, _ in asked] == [
        ("/rest/api/2/search", "0"), ("/rest/api/2/field", None), ("/rest/api/2/search", "1"),
    ]  # fmt: skip
    levels = rows(
        register,
        "SELECT state::json ->> 'risk_level' FROM request_event WHERE request_number = 1 ORDER BY valid_at",
    )
    assert levels == [("low",), ("high",)]


def test_a_comment_bumps_the_update_time_and_changes_nothing(jira):
    jira(page(issue(1)))
    bumped = issue(1)
    bumped["fields"]["updated"] = "2026-05-01T10:00:00.000+0100"
    result, _ = jira(page(bumped))
    assert (result.loaded, result.unchanged) == (0, 1)


def test_an_issue_that_is_mended_closes_what_was_kept_back(jira, register):
    jira(page(issue(1, summary=None)))
    assert rows(register, "SELECT source_key, status FROM quarantine") == [("GOV-1", "open")]
    jira(page(issue(1, summary="Now it has a title")))
    assert rows(register, "SELECT status FROM quarantine") == [("replayed",)]
