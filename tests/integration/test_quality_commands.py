"""`governance quarantine` from a terminal: raw beside mapped, every failed expectation, a rehearsal of a replay."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from governance.cli import app
from governance.intake.replay import rehearse, replay
from intake_worlds import POLICIES, pull, rows, spec, write_spec

HEADER = "id,state,title,who,approver,target,submitted,changed\n"
BAD = "2,parked,[bold]Bucket,,-,account/12345,2026-03-01 09:00,2026-03-01 09:00\n"


@pytest.fixture
def kept(register, register_url, now, tmp_path, monkeypatch):
    """One record in quarantine for three reasons, and a configuration folder with its spec."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "drop.csv").write_text(HEADER + BAD)
    pull(register, spec(), now, tmp_path / "lake", path=tmp_path / "in")
    (tmp_path / "sources").mkdir()
    (tmp_path / "policies").symlink_to(POLICIES)
    monkeypatch.setenv("GOVERNANCE_REGISTER_URL", register_url)
    monkeypatch.setenv("GOVERNANCE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("GOVERNANCE_NOW", "2026-11-17T08:00:00Z")
    write_spec(tmp_path / "sources")
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(app, ["quarantine", *arguments])
    assert result.exception is None, result.exception
    return result.output


def test_show_prints_each_failed_expectation_and_raw_beside_mapped(kept):
    shown = run("show", "1")
    assert "'parked' is none of the words that the spec knows" in shown
    assert "requester_present" in shown
    assert "(found '12345')" in " ".join(shown.split())
    assert "title: [bold]Bucket" in shown, "what a source wrote is never markup"
    (side,) = [line for line in shown.splitlines() if line.startswith("id: 2")]
    assert side.split()[2] == "kind:", "the mapped record stands beside the raw one"
    assert json.loads(run("show", "1", "--json"))["mapped"]["target"] == "account/12345"


MENDED = {
    "status": {"column": "state", "map": {"parked": "in_review"}},
    "waived": {"account_format": "a cost centre", "requester_present": "nobody is named"},
}


def test_a_rehearsal_says_what_would_come_of_a_replay_and_keeps_nothing(kept, register, now):
    write_spec(kept / "sources", **MENDED)
    said = run("replay", "--source", "drops", "--dry-run")
    assert "would be: 1 replayed = 1 loaded + 0 unchanged + 0 kept in quarantine" in said
    assert rows(register, "SELECT count(*) FROM request") == [(0,)]
    assert rows(register, "SELECT count(*) FROM intake_run WHERE mode = 'replay'") == [(0,)]
    assert rows(register, "SELECT status FROM quarantine") == [("open",)]
    (done,) = replay(register, source="drops", now=now, by="ann")
    assert (done.loaded, rows(register, "SELECT status FROM request")) == (1, [("in_review",)])


def test_a_rehearsal_of_what_still_fails_leaves_the_reasons_as_they_were(kept, register, now):
    before = rows(register, "SELECT reasons FROM quarantine")
    (left,) = rehearse(register, [1], now=now, by="ann")
    assert (left.loaded, left.quarantined) == (0, 1)
    assert rows(register, "SELECT reasons FROM quarantine") == before
