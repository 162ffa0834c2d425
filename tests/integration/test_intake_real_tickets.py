"""Tickets that others recorded, served over real HTTP or read as files: every record is accounted for."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from governance.sandbox.faults import Faults
from governance.sandbox.http_server import serve
from governance.sandbox.servicenow import LOGIN, PASSWORD, ServiceNow
from http_worlds import Server
from intake_worlds import connections, pull, reasons, rows, shipped

HUB = "https://api.github.com"


@pytest.fixture
def recorded_pages(shared_data: Path):
    path = shared_data / "github_issues" / "octokit_fixtures" / "paginate-issues" / "normalized-fixture.json"
    return json.loads(path.read_text("utf-8"))


def test_five_recorded_pages_are_followed_by_their_links(register, now, tmp_path, recorded_pages):
    def answer(path, query):
        page = recorded_pages[int(query.get("page", 1)) - 1]
        link = page["headers"]["link"].replace(HUB, home[0])
        return 200, {"Link": link, "Content-Type": "application/json"}, json.dumps(page["response"])

    server, home = Server(answer), [""]
    spec = shipped("github_issues")
    with server.serving() as url:
        home[0] = url
        lookup = connections(github_issues={"host": url, "password": "0" * 40})
        result = pull(register, spec, now, tmp_path, lookup=lookup)
        again = pull(register, spec, now, tmp_path, lookup=lookup, full=True)
    assert (result.status, result.pulled, result.loaded, result.quarantined) == ("complete", 13, 13, 0)
    assert (again.loaded, again.unchanged) == (0, 13)
    assert [path for path, _, _ in server.asked[:5]] == [
        "/repos/octokit-fixture-org/paginate-issues/issues", *["/repositories/1000/issues"] * 4,
    ]  # fmt: skip
    found = rows(register, "SELECT source_key, title, description FROM request ORDER BY source_key::int")
    assert found == [(str(n), f"Test issue {n}", None) for n in range(1, 14)]


def test_links_that_still_lead_to_github_itself_are_not_followed(register, now, tmp_path, recorded_pages):
    page = recorded_pages[0]
    with Server((200, {"Link": page["headers"]["link"]}, json.dumps(page["response"]))).serving() as url:
        lookup = connections(github_issues={"host": url})
        result = pull(register, shipped("github_issues"), now, tmp_path, lookup=lookup)
    assert result.message.endswith("links to https://api.github.com, which is not its own origin: refused")


def test_webhook_payloads_are_read_as_files_deleted_and_transferred_ones_too(
    register, now, tmp_path, shared_data
):
    spec, folder = shipped("github_webhooks"), shared_data / "github_issues" / "webhooks_issues"
    files = sorted(folder.glob("*.json"))
    result = pull(register, spec, now, tmp_path, path=folder)
    assert (result.status, result.pulled) == ("complete", len(files))
    assert result.pulled == result.loaded + result.unchanged + result.quarantined
    stateless = {f.name for f in files if "state" not in json.loads(f.read_text("utf-8"))["issue"]}
    assert set(reasons(register, spec.name)) == stateless
    assert result.quarantined == len(stateless)
    told = dict(rows(register, "SELECT raw::json ->> 'action', status FROM request_event"))
    assert (told["deleted"], told["transferred"]) == ("withdrawn", "withdrawn")
    empty = rows(register, "SELECT count(*) FROM request_event WHERE raw::json #>> '{issue,body}' IS NULL")
    assert empty[0][0] >= 1
    again = pull(register, spec, now, tmp_path, path=folder)
    assert (again.loaded, again.quarantined) == (0, result.quarantined)


def test_what_is_no_payload_is_kept_as_it_came(register, now, tmp_path):
    folder = tmp_path / "payloads"
    folder.mkdir()
    (folder / "cut.json").write_text('{"action": "opened", "issue": {')
    (folder / "ping.json").write_text('{"zen": "Keep it logically awesome."}')
    (folder / "latin.json").write_bytes(b'{"action": "\xe9"}')
    result = pull(register, shipped("github_webhooks"), now, tmp_path / "lake", path=folder)
    assert (result.pulled, result.quarantined) == (3, 3)
    kept = rows(register, "SELECT raw ->> '@text' FROM quarantine WHERE locator = 'cut.json'")
    assert kept == [('{"action": "opened", "issue": {',)]


@pytest.fixture
def incidents(shared_data: Path):
    path = shared_data / "servicenow" / "incidents_REST_pdi.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("display_values", [False, True])
def test_every_incident_of_a_real_servicenow_is_loaded(register, now, tmp_path, incidents, display_values):
    spec = shipped("servicenow_incidents")
    options = {"page_size": 10, "display_values": display_values}
    spec = spec.model_copy(update={"reader": spec.reader.model_copy(update=options)})
    with serve(ServiceNow({"incident": incidents}, Faults()).application()) as serving:
        host = {"host": serving.url, "login": LOGIN, "password": PASSWORD}
        result = pull(register, spec, now, tmp_path, lookup=connections(servicenow_incidents=host))
    assert (result.status, result.pulled, result.loaded, result.quarantined) == ("complete", 67, 67, 0)
    early = rows(
        register,
        "SELECT count(*) FROM request WHERE (raw ->> 'sys_created_on') < (raw ->> 'opened_at')"
        if not display_values
        else "SELECT count(*) FROM request"
        " WHERE (raw #>> '{sys_created_on,value}') < (raw #>> '{opened_at,value}')",
    )
    assert early == [(11,)]
    submitted = rows(
        register,
        "SELECT source_key, to_char(submitted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') FROM request",
    )
    assert dict(submitted) == {row["number"]: row["opened_at"] for row in incidents}
