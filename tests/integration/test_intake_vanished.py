"""What a source no longer shows is noted with its fate and never taken out; what comes back is seen again."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

import pytest

from governance.sandbox.faults import Faults
from governance.sandbox.github import TOKEN, Github
from governance.sandbox.http_server import serve
from governance.sandbox.jira import LOGIN, Jira
from governance.sandbox.jira import TOKEN as JIRA_TOKEN
from governance.sandbox.scenario import build
from governance.sandbox.scenario.code_requests import REPOSITORY
from governance.sandbox.servicenow import LOGIN as DESK_LOGIN
from governance.sandbox.servicenow import PASSWORD, ServiceNow
from intake_worlds import connections, pull, rows, shipped

OPEN = (
    "SELECT r.source_key, f.why FROM finding f JOIN request r USING (request_number)"
    " WHERE f.type = 'VANISHED_AT_SOURCE' AND f.status = 'open' ORDER BY f.finding_number"
)


def sound(source):
    """Keys of the source that end in quarantine."""
    return {p.key for p in build().planted if p.expects == "quarantine" and p.source == source}


@pytest.fixture
def jira():
    kept_back = sound("platform_jira")
    issues = [deepcopy(issue) for issue in build().jira_issues if issue["key"] not in kept_back][:6]
    with serve(Jira(issues, Faults("/search")).application()) as serving:
        host = {"conn_type": "http", "host": serving.url, "login": LOGIN, "password": JIRA_TOKEN}
        yield issues, connections(platform_jira=host)


def move(issue, key, at):
    """Move an issue as Jira does: another key, the same id, and the changelog remembers."""
    item = {
        "field": "Key",
        "fieldtype": "jira",
        "from": None,
        "fromString": issue["key"],
        "to": None,
        "toString": key,
    }
    history = issue["changelog"]["histories"]
    author = {"accountId": "1", "displayName": "Mover", "emailAddress": "mover@example.com"}
    history.insert(0, {"id": "999999", "created": at, "author": author, "items": [item]})
    issue["key"], issue["fields"]["updated"] = key, at


def test_an_issue_that_moves_stays_one_request_under_its_first_key(jira, register, now, tmp_path):
    issues, lookup = jira
    spec = shipped("platform_jira")
    spec = spec.model_copy(update={"reader": spec.reader.model_copy(update={"jql": "project in (GOV, OPS)"})})
    first = pull(register, spec, now, tmp_path, lookup=lookup)
    before = issues[0]["key"]
    move(issues[0], "OPS-7", "2026-11-16T08:30:00.000+0100")
    second = pull(register, spec, now, tmp_path, lookup=lookup)
    assert (first.loaded, second.loaded) == (6, 1)
    assert rows(register, "SELECT count(*) FROM request") == [(6,)]
    told = rows(register, "SELECT actor, source_url FROM request_event JOIN request USING (request_number)"
                " WHERE source_key = :key ORDER BY event DESC LIMIT 1", key=before)  # fmt: skip
    assert told[0][0] == "mover@example.com"
    assert told[0][1].endswith("/browse/OPS-7")
    again = pull(register, spec, now, tmp_path, lookup=lookup, full=True)
    assert (again.loaded, again.unchanged) == (0, 6)
    assert rows(register, OPEN) == []


def test_issues_that_moved_away_or_were_deleted_are_noted_once_a_whole_pull_misses_them(
    jira, register, now, tmp_path
):
    issues, lookup = jira
    spec = shipped("platform_jira")
    pull(register, spec, now, tmp_path, lookup=lookup)
    moved, deleted = issues[0]["key"], issues[1]["key"]
    gone = issues[1]
    move(issues[0], "OPS-7", "2026-11-16T08:30:00.000+0100")
    del issues[1]
    soon = pull(register, spec, now, tmp_path, lookup=lookup)
    assert rows(register, OPEN) == []  # an incremental pull cannot know
    assert "no longer found" not in soon.message
    later = pull(register, spec, now + timedelta(days=7), tmp_path, lookup=lookup)
    assert later.message.endswith(
        "2 requests are no longer found at the source: see findings VANISHED_AT_SOURCE"
    )
    found = dict(rows(register, OPEN))
    assert found.keys() == {moved, deleted}
    assert found[moved].endswith("it was moved and is now OPS-7, outside of the source's search")
    assert found[deleted].endswith("Jira answers 404: it was deleted, or is hidden from our account")
    assert rows(register, "SELECT count(*) FROM request") == [(6,)]
    pull(register, spec, now + timedelta(days=7, hours=1), tmp_path, lookup=lookup)
    assert len(rows(register, OPEN)) == 2  # unknown is not found again
    issues.append(gone)
    pull(register, spec, now + timedelta(days=8), tmp_path, lookup=lookup, full=True)
    assert [key for key, _ in rows(register, OPEN)] == [moved]


def test_deleted_and_transferred_issues_of_github_say_what_became_of_them(register, now, tmp_path):
    kept_back = sound("platform_requests")
    issues = [
        i for i in build().github_issues if str(i["number"]) not in kept_back and "pull_request" not in i
    ][:6]
    home = f"/repositories/1000/issues/{issues[5]['number']}"
    first = Github(REPOSITORY, issues, Faults())
    transferred, deleted, lost, sealed = (issue["number"] for issue in issues[:4])
    second = Github(REPOSITORY, issues[4:], Faults(), {transferred: home}, frozenset({deleted}))
    second.faults.plan("expired", path=f"/issues/{sealed}")
    spec = shipped("platform_requests")
    for site, full in ((first, False), (second, True)):
        with serve(site.application()) as serving:
            lookup = connections(platform_requests={"host": serving.url, "password": TOKEN})
            result = pull(register, spec, now, tmp_path, lookup=lookup, full=full)
            assert result.status == "complete", result.message
    found = dict(rows(register, OPEN))
    assert found.keys() == {str(transferred), str(deleted), str(lost), str(sealed)}
    assert found[str(transferred)].endswith(f"it was transferred to {issues[5]['html_url']}")
    assert found[str(deleted)].endswith("GitHub answers 410: it was deleted")
    assert found[str(lost)].endswith("GitHub answers 404: it was deleted, or is hidden from our account")
    assert "what became of it cannot be asked: " in found[str(sealed)]
    assert rows(register, "SELECT count(*) FROM request") == [(6,)]


def test_a_record_that_servicenow_deleted_is_noted_but_not_while_a_record_has_no_name(
    register, now, tmp_path
):
    kept_back = sound("service_desk")
    table = [
        r for r in deepcopy(build().servicenow_tables["change_request"]) if r["number"] not in kept_back
    ][:4]
    with serve(ServiceNow({"change_request": table, "sys_audit": []}, Faults()).application()) as serving:
        lookup = connections(service_desk={"host": serving.url, "login": DESK_LOGIN, "password": PASSWORD})
        spec = shipped("service_desk")
        pull(register, spec, now, tmp_path, lookup=lookup)
        gone = table.pop(0)["number"]
        number = table[0]["number"]
        table[0]["number"] = ""
        pull(register, spec, now, tmp_path, lookup=lookup, full=True)
        assert rows(register, OPEN) == []  # the nameless record may be the one that is missing
        table[0]["number"] = number
        pull(register, spec, now, tmp_path, lookup=lookup, full=True)
    assert [key for key, _ in rows(register, OPEN)] == [gone]
    assert rows(register, OPEN)[0][1].endswith(
        "change_request has no such record: deleted, or hidden from our account"
    )
