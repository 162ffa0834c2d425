"""The Jira stand-in over real HTTP: pages, fields, JQL, credentials, and its bad days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from governance.errors import GovernanceError
from governance.sandbox import http_server
from governance.sandbox.faults import Faults
from governance.sandbox.jira import LOGIN, TOKEN, Jira
from governance.sandbox.scenario import build

CLOUD, DATA_CENTER = "/rest/api/3/search/jql", "/rest/api/2/search"
ALL = {"jql": "project = GOV ORDER BY updated ASC, key ASC", "fields": "*all", "expand": "changelog"}


@pytest.fixture(scope="module")
def faults() -> Faults:
    return Faults("/search")


@pytest.fixture(scope="module")
def site(faults: Faults) -> Iterator[str]:
    with http_server.serve(Jira(build().jira_issues, faults).application()) as serving:
        yield serving.url


@pytest.fixture
def jira(site: str, faults: Faults) -> Iterator[httpx.Client]:
    faults.clear()
    with httpx.Client(base_url=site, auth=(LOGIN, TOKEN), timeout=10) as client:
        yield client
    faults.clear()


def cloud_pages(jira: httpx.Client, **query: Any) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = jira.get(CLOUD, params={**ALL, **query, **token}).raise_for_status().json()
        yield page
        if page["isLast"]:
            return
        token = {"nextPageToken": page["nextPageToken"]}


def test_cloud_gives_every_issue_once_whatever_the_page_size(jira: httpx.Client) -> None:
    expected = {issue["key"] for issue in build().jira_issues}
    for size in (7, 100):
        keys = [issue["key"] for page in cloud_pages(jira, maxResults=size) for issue in page["issues"]]
        assert len(keys) == len(set(keys))
        assert set(keys) == expected


def test_data_center_counts_and_gives_the_same_issues(jira: httpx.Client) -> None:
    keys: list[str] = []
    while True:
        page = jira.get(DATA_CENTER, params={**ALL, "startAt": len(keys), "maxResults": 50}).json()
        keys += [issue["key"] for issue in page["issues"]]
        if len(keys) >= page["total"]:
            break
    assert set(keys) == {issue["key"] for issue in build().jira_issues}


def test_cloud_writes_documents_where_data_center_writes_text(jira: httpx.Client) -> None:
    query = {"jql": "key = GOV-3", "fields": "summary,description"}
    cloud = jira.get(CLOUD, params=query).json()["issues"][0]
    center = jira.get(DATA_CENTER, params=query).json()["issues"][0]
    text = center["fields"]["description"]
    paragraphs = [block["content"][0]["text"] for block in cloud["fields"]["description"]["content"]]
    assert cloud["fields"]["description"]["type"] == "doc"
    assert "\n\n".join(paragraphs) == text
    assert set(cloud["fields"]) == {"summary", "description"}
    assert "changelog" not in cloud


def test_the_newest_entry_of_a_changelog_says_when_the_issue_was_updated(jira: httpx.Client) -> None:
    page = next(cloud_pages(jira, maxResults=50))
    assert any(issue["changelog"]["histories"] for issue in page["issues"])
    for issue in page["issues"]:
        histories = issue["changelog"]["histories"]
        latest = histories[0]["created"] if histories else issue["fields"]["created"]
        assert issue["fields"]["updated"] == latest
        assert issue["changelog"]["total"] == len(histories)


def test_without_fields_cloud_gives_ids_alone(jira: httpx.Client) -> None:
    page = jira.get(CLOUD, params={"jql": "project = GOV", "maxResults": 1}).json()
    assert "fields" not in page["issues"][0]


def test_updates_since_are_read_on_the_clock_in_berlin(jira: httpx.Client) -> None:
    since = 'project = GOV AND updated >= "2026-11-13 16:30" ORDER BY updated ASC, key ASC'
    found = [issue for page in cloud_pages(jira, jql=since) for issue in page["issues"]]
    updated = [datetime.fromisoformat(issue["fields"]["updated"]) for issue in found]
    assert updated == sorted(updated)
    assert updated[0] == datetime.fromisoformat("2026-11-13T16:30:00+01:00")
    zone = jira.get("/rest/api/3/myself").json()["timeZone"]
    assert zone == "Europe/Berlin"


def test_kinds_can_be_chosen(jira: httpx.Client) -> None:
    found = list(cloud_pages(jira, jql="project = GOV AND issuetype in (Addition)"))
    kinds = {issue["fields"]["issuetype"]["name"] for page in found for issue in page["issues"]}
    assert kinds == {"Addition"}


@pytest.mark.parametrize("jql", ["project ~ GOV", "colour = red", 'updated >= "14.11.2026"', "ORDER BY mood"])
def test_a_query_nobody_understands_is_refused(jira: httpx.Client, jql: str) -> None:
    answer = jira.get(CLOUD, params={"jql": jql})
    assert answer.status_code == 400
    assert "JQL" in answer.json()["errorMessages"][0]


def test_a_token_of_another_search_is_refused(jira: httpx.Client) -> None:
    assert jira.get(CLOUD, params={**ALL, "nextPageToken": "nonsense"}).status_code == 400


@pytest.mark.parametrize("auth", [None, (LOGIN, "wrong"), ("somebody", TOKEN)])
def test_strangers_are_turned_away(site: str, auth: tuple[str, str] | None) -> None:
    assert httpx.get(site + "/rest/api/3/myself", auth=auth).status_code == 401


def test_fields_have_the_names_people_see(jira: httpx.Client) -> None:
    names = {field["id"]: field["name"] for field in jira.get("/rest/api/2/field").json()}
    assert names["customfield_10011"] == "Risk level"
    assert names["customfield_10023"] == "Approver"


def test_too_many_requests_say_when_to_come_back_and_then_pass(jira: httpx.Client, faults: Faults) -> None:
    faults.plan("too_many_requests", times=2, retry_after=3)
    answers = [jira.get(CLOUD, params=ALL) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "3"


def test_a_fault_can_wait_for_the_second_page(jira: httpx.Client, faults: Faults) -> None:
    faults.plan("server_error", skip=1)
    assert [jira.get(CLOUD, params=ALL).status_code for _ in range(3)] == [200, 500, 200]


def test_credentials_expire(jira: httpx.Client, faults: Faults) -> None:
    faults.plan("expired", times=None)
    assert [jira.get(CLOUD, params=ALL).status_code for _ in range(2)] == [401, 401]


@pytest.mark.parametrize("kind", ["malformed", "truncated"])
def test_a_body_may_be_no_json(jira: httpx.Client, faults: Faults, kind: Any) -> None:
    faults.plan(kind)
    answer = jira.get(CLOUD, params=ALL)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|Invalid"):
        answer.json()


def test_an_empty_page_still_carries_a_token(jira: httpx.Client, faults: Faults) -> None:
    faults.plan("empty_page")
    first, *others = cloud_pages(jira)
    assert first["issues"] == []
    assert sum(len(page["issues"]) for page in others) == len(build().jira_issues)


def test_an_empty_page_in_the_middle_leads_on_from_where_it_stood(jira: httpx.Client, faults: Faults) -> None:
    faults.plan("empty_page", skip=1)
    keys = [issue["key"] for page in cloud_pages(jira) for issue in page["issues"]]
    assert sorted(keys) == sorted(issue["key"] for issue in build().jira_issues)


def test_issues_may_come_twice(jira: httpx.Client, faults: Faults) -> None:
    faults.plan("duplicates")
    page = jira.get(CLOUD, params={**ALL, "maxResults": 5}).json()
    assert len(page["issues"]) == 10


def test_an_answer_may_not_come_in_time(jira: httpx.Client, faults: Faults) -> None:
    faults.plan("timeout", seconds=0.6)
    with pytest.raises(httpx.ReadTimeout):
        jira.get(CLOUD, params=ALL, timeout=0.1)


def test_faults_are_set_over_http_too(jira: httpx.Client, faults: Faults) -> None:
    jira.post("/_stand-in/faults", json={"kind": "server_error"})
    assert [jira.get(CLOUD, params=ALL).status_code for _ in range(2)] == [500, 200]
    assert jira.post("/_stand-in/faults", json={"kind": "earthquake"}).status_code == 400
    with pytest.raises(GovernanceError, match="unknown fault 'earthquake'; known: too_many_requests"):
        faults.plan("earthquake")  # type: ignore[arg-type]
