"""A poll that finds nothing new costs one request and loads no library for it, and tells the counts it always told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conftest import ROOT
from intake_worlds import connections, pull, rows, shipped

POLL = """
import json, sys
from datetime import datetime
from pathlib import Path
from governance.intake.run import Intake
from governance.intake.spec import find_spec
from governance.register.database import connect
spec, engine = find_spec("platform_jira"), connect(sys.argv[1])
intake = Intake(engine, datetime.fromisoformat(sys.argv[2]), sys.argv[3], policies=Path(sys.argv[4]))
result = intake.run(spec)
print(json.dumps({"checks": "great_expectations" in sys.modules,
                  "status": result.status, "message": result.message}))
"""


class Jira:
    """Shows the same issues at every request, and counts these."""

    def __init__(self) -> None:
        self.issues: list[dict] = []
        self.asked = 0

    @contextmanager
    def serving(self):
        shown = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shown.asked += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps({"issues": shown.issues, "isLast": True}).encode())

            def log_message(self, *args) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            self.url = f"http://127.0.0.1:{server.server_port}"
            yield self
        finally:
            server.shutdown()
            server.server_close()


def issue(number: int, status: str = "Open") -> dict:
    updated = "2026-03-01T10:00:00.000+0100"
    fields = {
        "summary": f"Issue {number}", "issuetype": {"name": "Change"}, "status": {"name": status},
        "created": updated, "updated": updated, "customfield_10012": "account/100000000012",
        "reporter": {"emailAddress": "rita@example.com", "displayName": "Rita"},
    }  # fmt: skip
    return {"key": f"GOV-{number}", "id": str(number), "fields": fields, "changelog": {"histories": []}}


@pytest.fixture
def jira(register, now, tmp_path):
    """A Jira that always shows the same: one sound issue and one that nobody can map; pulled once."""
    with Jira().serving() as server:
        server.issues = [issue(1), issue(2, "Parked")]
        first = run(register, now, tmp_path, server)
        assert (first.pulled, first.loaded, first.quarantined) == (2, 1, 1)
        yield server


def run(register, now, tmp_path, server, source=None):
    found = {"host": server.url, "login": "robot@example.com", "password": "s3cret"}
    source = source or shipped("platform_jira")
    return pull(register, source, now, tmp_path, lookup=connections(platform_jira=found))


def test_it_costs_one_request_and_imports_no_expectations(jira, register_url, now, tmp_path):
    asked = jira.asked
    connection = {"conn_type": "http", "host": jira.url, "login": "robot@example.com", "password": "s3cret"}
    arguments = [register_url, now.isoformat(), str(tmp_path), str(ROOT / "include" / "policies")]
    done = subprocess.run(
        [sys.executable, "-c", POLL, *arguments],
        env={**os.environ, "AIRFLOW_CONN_PLATFORM_JIRA": json.dumps(connection)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert jira.asked - asked == 1
    assert told["checks"] is False
    assert told["status"] == "complete"
    assert told["message"].startswith("2 pulled = 0 loaded + 1 unchanged + 1 quarantined")


def test_what_waits_in_quarantine_still_waits_and_the_next_poll_is_in_vain_as_well(
    jira, register, now, tmp_path
):
    for _ in range(2):
        again = run(register, now, tmp_path, jira)
        assert (again.pulled, again.loaded, again.unchanged, again.quarantined) == (2, 0, 1, 1)
    assert rows(register, "SELECT status FROM quarantine") == [("open",)]
    validations = rows(register, "SELECT validation IS NULL FROM intake_run ORDER BY run_id")
    assert validations == [(False,), (True,), (True,)]


def test_one_new_record_among_known_ones_is_loaded(jira, register, now, tmp_path):
    jira.issues += [issue(3)]
    again = run(register, now, tmp_path, jira)
    assert (again.pulled, again.loaded, again.unchanged, again.quarantined) == (3, 1, 1, 1)


def test_a_record_mended_at_its_source_leaves_quarantine(jira, register, now, tmp_path):
    jira.issues = [issue(1), issue(2)]
    assert run(register, now, tmp_path, jira).loaded == 1
    assert rows(register, "SELECT status FROM quarantine") == [("replayed",)]


def test_known_records_are_read_anew_where_the_spec_is_another(jira, register, now, tmp_path):
    source = shipped("platform_jira")
    words = {**(source.status.map or {}), "Parked": "submitted"}
    mended = source.model_copy(update={"status": source.status.model_copy(update={"map": words})})
    again = run(register, now, tmp_path, jira, mended)
    assert (again.pulled, again.loaded, again.unchanged, again.quarantined) == (2, 1, 1, 0)
