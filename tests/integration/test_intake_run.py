"""A run: counts balance, the whole or nothing is loaded, and whatever interrupts it, the next run finishes the job."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from governance.errors import GovernanceError, RegisterUnavailableError
from governance.intake import runs
from governance.intake import settle as settling
from governance.intake.records import Pull
from governance.intake.replay import replay
from governance.quality import quarantine
from governance.register import database
from intake_worlds import POLICIES, connections, frame, pull, reasons, rows, spec

HEADER = "id,state,title,who,approver,target,submitted,changed\n"
GOOD = "1,new,Account,ann@example.com,-,account/100000000012,2026-03-01 09:00,2026-03-01 09:00\n"
LATER = "1,granted,Account,ann@example.com,bob@example.com,account/100000000012,2026-03-01 09:00,2026-03-02 09:00\n"
BAD = "2,parked,Bucket,ann@example.com,-,-,2026-03-01 09:00,2026-03-01 09:00\n"
MENDED = BAD.replace("parked", "new")
LAST = "SELECT status, pulled, loaded, unchanged, quarantined, message FROM intake_run ORDER BY run_id DESC LIMIT 1"


@pytest.fixture
def drop(tmp_path):
    """Write a drop and return its folder."""

    def write(*lines, name="drop.csv"):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_text(HEADER + "".join(lines))
        return tmp_path / "in"

    return write


def counts(result):
    return result.pulled, result.loaded, result.unchanged, result.quarantined, result.held


def test_counts_balance_and_are_kept_with_the_run(register, now, tmp_path, drop):
    result = pull(register, spec(), now, tmp_path, path=drop(GOOD, LATER, BAD))
    assert (result.status, *counts(result)) == ("complete", 3, 2, 0, 1, 0)
    message = "3 pulled = 2 loaded + 0 unchanged + 1 quarantined"
    assert rows(register, LAST) == [("complete", 3, 2, 0, 1, message)]
    again = pull(register, spec(), now, tmp_path, path=drop(GOOD, LATER, BAD))
    assert counts(again) == (3, 0, 2, 1, 0)
    assert rows(register, "SELECT count(*) FROM quarantine") == [(1,)]


def test_what_is_loaded_is_what_the_source_said(register, now, tmp_path, drop):
    pull(register, spec(), now, tmp_path, path=drop(GOOD, LATER))
    (row,) = frame(register, "SELECT * FROM request").to_dict("records")
    assert (row["request_id"], row["status"], row["owner"], row["owner_rule"]) == (
        "ADD-000001", "approved", "platform-lead@example.com", "platform-infrastructure",
    )  # fmt: skip
    assert row["valid_at"].isoformat() == "2026-03-02T08:00:00+00:00"
    assert row["raw"]["state"] == "granted"


def test_the_gates_page_lies_in_the_lake(register, now, tmp_path, drop):
    result = pull(register, spec(), now, tmp_path / "lake", path=drop(GOOD))
    page = tmp_path / "lake" / "validation" / "drops" / f"{result.run_id}.html"
    assert "a request has a title" in page.read_text()
    (summary,) = rows(register, "SELECT validation FROM intake_run")[0]
    assert {e["id"] for e in summary["expectations"]} >= {"title_present", "status_known"}


def test_a_shadow_run_is_scored_and_loads_nothing(register, now, tmp_path, drop):
    result = pull(register, spec(mode="shadow"), now, tmp_path, path=drop(GOOD, BAD))
    assert (result.status, *counts(result)) == ("shadow", 2, 0, 0, 1, 1)
    assert rows(register, "SELECT count(*) FROM request") == [(0,)]
    live = pull(register, spec(), now, tmp_path, path=drop(GOOD, BAD))
    assert counts(live) == (2, 1, 0, 1, 0)


@pytest.mark.parametrize(("batch", "words"), [
    ({"min_records": 5}, "2 records pulled, expected at least 5"),
    ({"required_columns": ["id", "colour"]}, "expected that every column that the spec requires is there"),
    ({"freshness_days": 7}, "expected that the newest observation is at most 7.0 days old"),
    ({"max_quarantined": 0.4}, "1 of 2 records fail, expected at most 40%"),
])  # fmt: skip
def test_a_batch_that_looks_wrong_is_held_whole(register, now, tmp_path, drop, batch, words):
    result = pull(register, spec(batch=batch), now, tmp_path, path=drop(GOOD, BAD))
    assert (result.status, *counts(result)) == ("held", 2, 0, 0, 0, 2)
    assert words in result.message
    assert rows(register, "SELECT (SELECT count(*) FROM request) + (SELECT count(*) FROM quarantine)") == [
        (0,)
    ]


def test_a_mended_record_closes_what_was_kept_back(register, now, tmp_path, drop):
    pull(register, spec(), now, tmp_path, path=drop(GOOD, BAD))
    result = pull(register, spec(), now + timedelta(hours=1), tmp_path, path=drop(GOOD, MENDED))
    assert counts(result) == (2, 1, 1, 0, 0)
    item = rows(register, "SELECT status, resolved_by, resolution FROM quarantine")
    assert item == [("replayed", "intake", f"mended at the source: no longer there in run {result.run_id}")]


def test_a_half_written_file_is_finished_by_the_next_run(register, now, tmp_path, drop):
    folder = drop(GOOD, LATER[:-30])
    assert counts(pull(register, spec(), now, tmp_path, path=folder)) == (2, 1, 0, 1, 0)
    assert counts(pull(register, spec(), now, tmp_path, path=drop(GOOD, LATER))) == (2, 1, 1, 0, 0)
    assert reasons(register) == {}


def test_a_file_that_was_not_read_says_nothing_about_its_items(register, now, tmp_path, drop):
    pull(register, spec(), now, tmp_path, path=drop(BAD))
    (tmp_path / "in" / "drop.csv").unlink()
    pull(register, spec(), now, tmp_path, path=drop(GOOD, name="other.csv"))
    assert list(reasons(register)) == ["drop.csv:2"]


def test_a_replay_uses_the_spec_as_it_is_now_and_keeps_the_arrival(register, now, tmp_path, drop):
    undated = spec(shape="snapshot", nulls=["-", "?"])
    line = "2,parked,Bucket,ann@example.com,-,-,?,?\n"
    pull(register, undated, now, tmp_path, path=drop(line))
    wider = undated.model_copy(
        update={"status": undated.status.model_copy(update={"map": {"parked": "needs_information"}})}
    )
    later = now + timedelta(days=3)
    (still,) = replay(register, source="drops", now=later, by="ann", spec=undated, config_dir=POLICIES.parent)
    assert (still.pulled, still.loaded, still.quarantined) == (1, 0, 1)
    (done,) = replay(register, [1], now=later, by="ann", spec=wider, config_dir=POLICIES.parent)
    assert (done.pulled, done.loaded, done.quarantined) == (1, 1, 0)
    assert rows(register, "SELECT status, valid_at FROM request") == [("needs_information", now)]
    item = rows(register, "SELECT status, resolved_by, arrived_at, resolved_at FROM quarantine")
    assert item == [("replayed", "ann", now, later)]
    with pytest.raises(GovernanceError, match="item 1 is replayed already"):
        replay(register, [1], now=later, by="ann", spec=wider)


def test_a_replayed_record_that_comes_again_is_unchanged(register, now, tmp_path, drop):
    pull(register, spec(), now, tmp_path, path=drop(BAD))
    wider = spec(status={"column": "state", "map": {"parked": "submitted"}})
    replay(register, source="drops", now=now, by="ann", spec=wider, config_dir=POLICIES.parent)
    assert counts(pull(register, wider, now, tmp_path, path=drop(BAD))) == (1, 0, 1, 0, 0)


def test_an_item_names_its_key_where_the_record_does(register, now, tmp_path, drop):
    nameless = BAD.replace("2,parked", "-,new")
    pull(register, spec(), now, tmp_path, path=drop(BAD, "3,cut\n", nameless))
    assert rows(register, "SELECT source_key FROM quarantine ORDER BY locator") == [("2",), ("3",), (None,)]


def test_a_discarded_record_stays_discarded(register, now, tmp_path, drop):
    pull(register, spec(), now, tmp_path, path=drop(BAD))
    with register.begin() as connection:
        quarantine.discard(connection, 1, reason="a test entry", by="ann", at=now)
    assert counts(pull(register, spec(), now, tmp_path, path=drop(BAD))) == (1, 0, 0, 1, 0)
    assert rows(register, "SELECT status, resolution FROM quarantine") == [("discarded", "a test entry")]
    with register.begin() as connection, pytest.raises(GovernanceError, match="item 1 is discarded already"):
        quarantine.discard(connection, 1, reason="again", by="ann", at=now)


def test_identical_bad_records_of_one_pull_are_counted_each(register, now, tmp_path, drop):
    result = pull(register, spec(), now, tmp_path, path=drop(BAD, BAD))
    assert counts(result) == (2, 0, 0, 2, 0)
    assert rows(register, "SELECT occurrence FROM quarantine ORDER BY 1") == [(1,), (2,)]


def test_characters_that_cannot_be_stored_are_shown_not_lost(register, now, tmp_path):
    entry = {
        "id": "3",
        "state": "new",
        "who": "a",
        "changed": "2026-03-01 09:00",
        "submitted": "2026-03-01 09:00",
    }
    lines = [{**entry, "title": "nul \x00 here"}, {**entry, "id": "4", "title": "half \ud83d here"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    source = spec(reader={"type": "jsonl", "files": ["*.jsonl"]})
    result = pull(register, source, now, tmp_path / "lake", path=tmp_path / "a.jsonl")
    assert counts(result) == (2, 0, 0, 2, 0)
    shown = rows(register, "SELECT raw ->> 'title' FROM quarantine ORDER BY locator")
    assert shown == [("nul ␀ here",), ("half <U+D83D> here",)]
    (kept,) = replay(register, source="drops", now=now, by="ann", spec=source, config_dir=POLICIES.parent)
    assert (kept.loaded, kept.quarantined) == (0, 2)


def test_requests_that_went_past_the_process_become_findings_until_they_are_not(
    register, now, tmp_path, drop
):
    built = GOOD.replace("new", "built").replace("2026-03-01 09:00\n", "2026-03-05 09:00\n")
    own = LATER.replace("1,granted", "5,granted").replace("bob@", "ann@")
    pull(register, spec(), now, tmp_path, path=drop(GOOD, built, own))
    query = "SELECT finding_key, status, why FROM finding ORDER BY finding_key"
    found = rows(register, query)
    assert [key.split(":")[1] for key, _, _ in found] == ["unapproved", "self-approved"]
    assert found[0][2] == "ADD-000001 was fulfilled on 2026-03-05, and nobody had approved it"
    pull(register, spec(), now, tmp_path, path=drop(GOOD, LATER, built, own, name="late.csv"))
    assert [status for _, status, _ in rows(register, query)] == ["resolved", "open"]


def test_an_unreachable_register_says_so_and_nothing_is_written(now, tmp_path, drop):
    gone = database.connect("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(RegisterUnavailableError, match="the register failed, nothing was written: "):
        pull(gone, spec(), now, tmp_path, path=drop(GOOD))


def test_a_register_that_goes_away_in_the_middle_of_a_load_is_as_it_was(
    register, now, tmp_path, drop, monkeypatch
):
    def cut_the_line(connection, *args, **kwargs):
        backend = connection.scalar(text("SELECT pg_backend_pid()"))
        with register.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:p)"), {"p": backend})
        return real(connection, *args, **kwargs)

    real = settling.sync_bypasses
    monkeypatch.setattr(settling, "sync_bypasses", cut_the_line)
    result = pull(register, spec(), now, tmp_path, path=drop(GOOD, BAD))
    assert result.status == "failed"
    assert result.message.startswith("the register failed, nothing was written: ")
    assert "\n" not in result.message
    assert rows(register, "SELECT (SELECT count(*) FROM request) + (SELECT count(*) FROM quarantine)") == [
        (0,)
    ]
    monkeypatch.undo()
    assert counts(pull(register, spec(), now, tmp_path, path=drop(GOOD, BAD))) == (2, 1, 0, 1, 0)


def test_a_run_that_was_killed_is_closed_by_the_next_one(register, now, tmp_path, drop):
    with register.begin() as connection:
        killed = runs.open_run(connection, "drops", mode="live", origin="killed", now=now)
        runs.open_run(connection, "others", mode="live", origin="alive", now=now)
    pull(register, spec(), now, tmp_path, path=drop(GOOD))
    found = rows(register, "SELECT run_id, origin, status, message FROM intake_run ORDER BY run_id")
    assert found[0] == (killed, "killed", "failed", "ended without a word: killed, or its machine was lost")
    assert [(origin, status) for _, origin, status, _ in found[1:]] == [
        ("alive", "running"),
        ("cli", "complete"),
    ]


def test_a_bug_closes_the_run_as_failed_and_is_not_swallowed(register, now, tmp_path, drop, monkeypatch):
    monkeypatch.setattr(settling, "load", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pull(register, spec(), now, tmp_path, path=drop(GOOD))
    assert rows(register, LAST)[0][0::5] == ("failed", "unexpected ZeroDivisionError: division by zero")


def test_two_runs_of_a_source_at_once_wait_for_each_other(register, now, tmp_path, drop):
    folder, results = drop(GOOD, LATER, BAD), []
    threads = [
        threading.Thread(target=lambda: results.append(pull(register, spec(), now, tmp_path, path=folder)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(counts(result) for result in results) == [(3, 0, 2, 1, 0), (3, 2, 0, 1, 0)]
    assert rows(register, "SELECT count(*) FROM intake_run WHERE status <> 'complete'") == [(0,)]


def test_a_run_that_waits_too_long_for_another_says_so(register, now, tmp_path, drop, monkeypatch):
    monkeypatch.setattr(runs, "PATIENCE_SECONDS", 1)
    with runs.only_run(register, "drops"), pytest.raises(GovernanceError, match="another run of drops"):
        pull(register, spec(), now, tmp_path, path=drop(GOOD))


def test_a_missing_place_is_named(register, now, tmp_path):
    result = pull(register, spec(), now, tmp_path, lookup=connections(drops={"extra": {"path": "/no/such"}}))
    assert (result.status, result.message) == ("failed", "/no/such is not there: expected a folder or a file")
    result = pull(register, spec(), now, tmp_path, lookup=connections(drops={}))
    assert (
        result.message
        == "drops names no place: set reader.location in its spec, or extra.path of connection drops"
    )


def test_a_file_still_being_written_is_told_in_the_message(register, now, tmp_path, drop, monkeypatch):
    def one_note(self, pull: Pull, cursor=None):
        pull.notes.append("big.csv is still being written: left for the next run")
        return iter(())

    monkeypatch.setattr("governance.intake.readers.files.reader.FileReader.blocks", one_note)
    result = pull(register, spec(), now, tmp_path, path=drop(GOOD))
    assert result.message.endswith("; big.csv is still being written: left for the next run")


def test_a_shadow_source_is_not_loaded_by_a_replay_either(register, now, tmp_path, drop):
    source = spec(mode="shadow")
    pull(register, source, now, tmp_path, path=drop(BAD))
    with pytest.raises(GovernanceError, match="mode: live"):
        replay(register, source="drops", now=now, by="ann", spec=source, config_dir=POLICIES.parent)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_words_that_json_does_not_know_are_quarantined_as_they_stand(register, now, tmp_path, word):
    (tmp_path / "a.jsonl").write_text(f'{{"id": "1", "title": {word}}}\n', "utf-8")
    source = spec(reader={"type": "jsonl", "files": ["*.jsonl"]})
    result = pull(register, source, now, tmp_path / "lake", path=tmp_path / "a.jsonl")
    assert (result.status, *counts(result)) == ("complete", 1, 0, 0, 1, 0)
    assert word in rows(register, "SELECT raw::text FROM quarantine")[0][0]


def test_a_file_given_by_hand_closes_nothing_that_its_source_still_holds(register, now, tmp_path):
    real, by_hand = tmp_path / "real", tmp_path / "hand"
    for folder, lines in ((real, BAD), (by_hand, GOOD)):
        folder.mkdir()
        (folder / "drop.csv").write_text(HEADER + lines, "utf-8")
    pull(register, spec(), now, tmp_path / "lake", path=real)
    pull(register, spec(), now, tmp_path / "lake", path=by_hand / "drop.csv")
    assert rows(register, "SELECT status FROM quarantine") == [("open",)]
