"""The three sources of the demo, each from where it really is: Jira over HTTP, S3, a folder."""

from __future__ import annotations

import json

import boto3
import pytest
from moto import mock_aws

from governance.sandbox.faults import Faults
from governance.sandbox.github import TOKEN as GITHUB_TOKEN
from governance.sandbox.github import Github
from governance.sandbox.http_server import serve
from governance.sandbox.jira import LOGIN, TOKEN, Jira
from governance.sandbox.scenario import build
from governance.sandbox.scenario.code_requests import REPOSITORY
from governance.sandbox.servicenow import ServiceNow
from intake_worlds import connections, frame, pull, rows, shipped


@pytest.fixture(scope="module")
def scenario():
    return build()


def quarantined(register, source):
    query = "SELECT coalesce(source_key, ''), raw::text, reasons::text FROM quarantine WHERE source = :s AND status = 'open'"
    return rows(register, query, s=source)


def assert_only_the_malformed_are_kept_back(register, scenario, source):
    kept = quarantined(register, source)
    planted = [
        p for p in scenario.planted if p.expects == "quarantine" and p.source == source and p.count is None
    ]
    for case in planted:
        fits = [
            row
            for row in kept
            if (case.key and row[0] == case.key) or (case.fragment and case.fragment in row[1])
        ]
        assert len(fits) == 1, case
    assert len(kept) == len(planted)


def assert_bypasses_are_found(register, scenario, source):
    found = rows(
        register,
        "SELECT DISTINCT r.source_key FROM finding f JOIN request r USING (request_number)"
        " WHERE f.type = 'PROCESS_BYPASS' AND f.status = 'open' AND r.source = :s",
        s=source,
    )
    planted = {p.key for p in scenario.planted if p.finding_type == "PROCESS_BYPASS" and p.source == source}
    assert planted
    assert {key for (key,) in found} == planted


def test_the_exception_register(register, scenario, now, tmp_path):
    (tmp_path / "registers").mkdir()
    for name, text in scenario.yaml_registers.items():
        (tmp_path / "registers" / name).write_text(text, "utf-8")
    lookup = connections(
        exception_register={"conn_type": "fs", "extra": {"path": str(tmp_path / "registers")}}
    )
    result = pull(register, shipped("exception_register"), now, tmp_path / "lake", lookup=lookup)
    assert (result.status, result.unchanged) == ("complete", 0)
    assert result.pulled == result.loaded + result.quarantined
    assert_only_the_malformed_are_kept_back(register, scenario, "exception_register")
    assert_bypasses_are_found(register, scenario, "exception_register")
    again = pull(register, shipped("exception_register"), now, tmp_path / "lake", lookup=lookup)
    assert (again.loaded, again.unchanged, again.quarantined) == (0, result.loaded, result.quarantined)


def test_the_submitted_requests(register, scenario, now, tmp_path):
    (tmp_path / "form").mkdir()
    for name, text in scenario.submissions.items():
        (tmp_path / "form" / name).write_text(text, "utf-8")
    lookup = connections(form={"conn_type": "fs", "extra": {"path": str(tmp_path / "form")}})
    result = pull(register, shipped("form"), now, tmp_path / "lake", lookup=lookup)
    assert (result.status, result.loaded, result.quarantined) == ("complete", 3, 5), result.message
    assert_only_the_malformed_are_kept_back(register, scenario, "form")
    again = pull(register, shipped("form"), now, tmp_path / "lake", lookup=lookup)
    assert (again.loaded, again.unchanged, again.quarantined) == (0, 3, 5)
    owners = {p.key: p.recipient for p in scenario.planted if p.expects == "owner" and p.source == "form"}
    found = dict(rows(register, "SELECT source_key, owner FROM request WHERE source = 'form'"))
    assert {key: found[key] for key in owners} == owners
    titles = [title for (title,) in rows(register, "SELECT title FROM request")]
    assert "Public bucket for the annual report {{ 7 * 7 }}" in titles


def test_the_landing_zone(register, scenario, now, tmp_path):
    with mock_aws():
        client = boto3.client("s3", region_name="eu-central-1")
        client.create_bucket(
            Bucket="governance-drops", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        for key, body in scenario.csv_drops.items():
            client.put_object(Bucket="governance-drops", Key=key, Body=body)
        aws = {
            "conn_type": "aws",
            "login": "AKIATEST",
            "password": "x",
            "extra": {"region_name": "eu-central-1"},
        }
        lookup = connections(aws_default=aws)  # no connection of its own: aws_default will do
        result = pull(register, shipped("landing_zone_csv"), now, tmp_path, lookup=lookup)
        again = pull(register, shipped("landing_zone_csv"), now, tmp_path, lookup=lookup)
    assert result.status == "complete", result.message
    assert result.pulled == result.loaded + result.quarantined
    assert (again.loaded, again.unchanged) == (0, result.loaded)
    assert_only_the_malformed_are_kept_back(register, scenario, "landing_zone_csv")
    assert_bypasses_are_found(register, scenario, "landing_zone_csv")


@pytest.mark.parametrize(("source", "loaded"), [("procedure_changes", 8), ("process_changes", 12)])
def test_the_files_of_the_offices(register, scenario, now, tmp_path, source, loaded):
    with mock_aws():
        client = boto3.client("s3", region_name="eu-central-1")
        where = {"LocationConstraint": "eu-central-1"}
        client.create_bucket(Bucket="governance-drops", CreateBucketConfiguration=where)
        for key, body in scenario.office_files.items():
            client.put_object(Bucket="governance-drops", Key=key, Body=body)
        aws = {"conn_type": "aws", "login": "A", "password": "x", "extra": {"region_name": "eu-central-1"}}
        lookup = connections(aws_default=aws)
        result = pull(register, shipped(source), now, tmp_path, lookup=lookup)
        again = pull(register, shipped(source), now, tmp_path, lookup=lookup)
        full = pull(register, shipped(source), now, tmp_path, lookup=lookup, full=True)
    assert (result.status, result.loaded, result.quarantined) == ("complete", loaded, 3), result.message
    for later in (again, full):
        assert (later.loaded, later.unchanged, later.quarantined) == (0, loaded, 3)
    assert_only_the_malformed_are_kept_back(register, scenario, source)
    owners = rows(register, "SELECT DISTINCT owner FROM request WHERE owner_rule IS NOT NULL")
    assert len(owners) == {"procedure_changes": 3, "process_changes": 1}[source]
    assert rows(register, "SELECT count(*) FROM finding WHERE type = 'PROCESS_BYPASS'") == [(0,)]


@pytest.fixture(params=["cloud", "data_center"])
def jira(request, scenario):
    faults = Faults("/search")
    with serve(Jira(scenario.jira_issues, faults).application()) as serving:
        lookup = connections(
            platform_jira={"conn_type": "http", "host": serving.url, "login": LOGIN, "password": TOKEN}
        )
        spec = shipped("platform_jira")
        reader = spec.reader.model_copy(update={"deployment": request.param})
        yield spec.model_copy(update={"reader": reader}), lookup, faults


def test_the_issues_of_jira_with_their_history(register, scenario, now, tmp_path, jira):
    spec, lookup, _ = jira
    result = pull(register, spec, now, tmp_path, lookup=lookup)
    assert result.status == "complete", result.message
    assert result.pulled == len(scenario.jira_issues) == result.loaded + result.quarantined
    assert_only_the_malformed_are_kept_back(register, scenario, "platform_jira")
    assert_bypasses_are_found(register, scenario, "platform_jira")
    events = frame(
        register,
        "SELECT r.source_key, e.valid_at, e.status, e.actor FROM request_event e JOIN request r USING (request_number)"
        " ORDER BY r.source_key, e.event",
    )
    told = events[events["source_key"] == "GOV-7"]
    issue = next(issue for issue in scenario.jira_issues if issue["key"] == "GOV-7")
    entries = sorted(issue["changelog"]["histories"], key=lambda entry: int(entry["id"]))
    assert list(told["actor"]) == [
        issue["fields"]["reporter"]["emailAddress"],
        *(entry["author"]["emailAddress"] for entry in entries),
    ]
    full = pull(register, spec, now, tmp_path, lookup=lookup, full=True)
    assert (full.loaded, full.unchanged, full.quarantined) == (0, result.loaded, result.quarantined)


def test_the_next_pull_takes_only_what_was_updated_since(register, scenario, now, tmp_path, jira):
    spec, lookup, _ = jira
    first = pull(register, spec, now, tmp_path, lookup=lookup)
    cursors = rows(register, "SELECT cursor_after ->> 'updated' FROM intake_run ORDER BY run_id")
    newest = max(issue["fields"]["updated"] for issue in scenario.jira_issues)
    assert json.dumps(cursors[0][0][:16]) == json.dumps(newest[:16])
    second = pull(register, spec, now, tmp_path, lookup=lookup)
    assert 0 < second.pulled < 10
    assert (second.loaded, second.quarantined) == (0, 0) or second.quarantined <= first.quarantined


@pytest.mark.parametrize(
    ("source", "stand_in"),
    [
        ("service_desk", lambda s: ServiceNow(s.servicenow_tables, Faults())),
        ("platform_requests", lambda s: Github(REPOSITORY, s.github_issues, Faults())),
    ],
)
def test_the_service_desk_and_the_issue_forms(register, scenario, now, tmp_path, source, stand_in):
    site = stand_in(scenario)
    with serve(site.application()) as serving:
        login = {"login": site.login, "password": site.password} if source == "service_desk" else {}
        host = {"conn_type": "http", "host": serving.url, **(login or {"password": GITHUB_TOKEN})}
        lookup = connections(**{source: host})
        result = pull(register, shipped(source), now, tmp_path, lookup=lookup)
        again = pull(register, shipped(source), now, tmp_path, lookup=lookup, full=True)
    assert result.status == "complete", result.message
    assert 15 <= result.pulled == result.loaded + result.quarantined
    assert (again.loaded, again.unchanged, again.quarantined) == (0, result.loaded, result.quarantined)
    assert_only_the_malformed_are_kept_back(register, scenario, source)
    if source == "service_desk":
        assert_bypasses_are_found(register, scenario, source)
    owners = {p.key: p.recipient for p in scenario.planted if p.expects == "owner" and p.source == source}
    found = dict(rows(register, "SELECT source_key, owner FROM request WHERE source = :s", s=source))
    assert owners
    assert owners.items() <= found.items()
    steps = rows(register, "SELECT count(*), count(DISTINCT request_number) FROM request_event")
    assert steps[0][0] > 2 * steps[0][1]
