"""The whole mechanism on a real Airflow, twice on the same state, and interrupted."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from conftest import ROOT

pytestmark = pytest.mark.e2e
GOVERNANCE = Path(sys.executable).with_name("governance")


@pytest.fixture(scope="module")
def var_dir():
    """A var folder of its own; whatever still runs in it at the end is ended."""
    folder = ROOT / "var" / "tests" / "e2e"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    subprocess.run([GOVERNANCE, "down", "--var", str(folder)], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def demo(var_dir: Path) -> dict:
    """Run the demo to its end and return what it printed as JSON."""
    command = [GOVERNANCE, "demo", "--json", "--var", str(var_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def first(var_dir):
    return demo(var_dir)


@pytest.fixture(scope="module")
def mailbox_after_first(first):
    return sorted(path.name for path in Path(first["places"]["e-mails"]).glob("*.eml"))


@pytest.fixture(scope="module")
def second(var_dir, mailbox_after_first):
    return demo(var_dir)


def processes_of(folder: Path) -> list[str]:
    """Command lines of processes that belong to this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.cwd()]
        except psutil.Error:
            continue
        if process.pid != os.getpid() and any(str(folder) in word for word in words):
            found.append(" ".join(words))
    return found


def test_every_dag_succeeds(first):
    assert {row["dag"]: row["state"] for row in first["dags"]} == {
        "intake__exception_register": "success",
        "intake__governance_mailbox": "success",
        "intake__form": "success",
        "intake__landing_zone_csv": "success",
        "intake__ops_items": "success",
        "intake__platform_jira": "success",
        "intake__procedure_changes": "success",
        "intake__process_changes": "success",
        "intake__platform_requests": "success",
        "intake__service_desk": "success",
        "intake__service_catalog": "success",
        "housekeeping": "success",
        "escalation": "success",
        "observation": "success",
        "reconciliation": "success",
        "review_pack__weekly": "success",
    }


def test_every_count_balances(first):
    for source in first["sources"]:
        assert source["pulled"] == source["loaded"] + source["unchanged"] + source["quarantined"] > 0


def test_every_planted_case_is_recognised(first):
    missing = [case for case in first["planted"]["cases"] if not case["recognised"]]
    assert missing == []
    assert first["planted"]["total"] >= 40


def test_mails_went_out_by_rung(first, mailbox_after_first):
    rungs = {row["rung"] for row in first["mails"]}
    assert {"reminder", "overdue", "escalation", "draft"} <= rungs
    assert mailbox_after_first


def test_the_pack_is_one_file_that_fetches_nothing(first):
    page = Path(first["places"]["pack"]).read_text("utf-8")
    assert "<html" in page
    assert 'src="http' not in page
    assert "<link" not in page


def test_the_second_run_finds_nothing_new(first, second):
    loaded = {source["source"]: source["loaded"] for source in first["sources"]}
    assert {source["source"]: source["unchanged"] for source in second["sources"]} == loaded
    assert all(source["loaded"] == 0 for source in second["sources"])
    assert second["verdicts"] == first["verdicts"]
    assert second["findings"] == first["findings"]
    assert second["mails"] == first["mails"]


def test_the_second_run_sends_no_second_mail(second, mailbox_after_first):
    assert (
        sorted(path.name for path in Path(second["places"]["e-mails"]).glob("*.eml")) == mailbox_after_first
    )


def test_nothing_is_left_running(second, var_dir):
    assert processes_of(var_dir) == []


def test_no_secret_is_logged(second, var_dir):
    lines = (line.partition("=") for line in (var_dir / "demo.env").read_text("utf-8").splitlines())
    connections = [
        json.loads(shlex.split(value)[0]) for name, _, value in lines if name.startswith("AIRFLOW_CONN")
    ]
    secrets = json.loads((var_dir / "airflow" / "secrets.json").read_text("utf-8"))
    hidden = [*secrets.values(), *(found["password"] for found in connections if found.get("password"))]
    assert len(hidden) >= 6
    for log in (var_dir / "logs").rglob("*.log"):
        text = log.read_text("utf-8", errors="replace")
        assert not [secret for secret in hidden if secret in text], log


def _heed_interrupts():
    """A shell that runs the tests in the background has interrupts ignored, by all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("seconds", [2, 14])
def test_an_interrupt_at_any_moment_leaves_nothing_behind(second, var_dir, seconds):
    command = [GOVERNANCE, "demo", "--json", "--var", str(var_dir)]
    running = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509 (there is one thread)
    )
    time.sleep(seconds)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=60) != 0
    assert processes_of(var_dir) == []
