"""A batch unlike the ones before it is held: too few records, a mapped column gone; a person may accept it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from governance.intake.run import Intake
from intake_worlds import POLICIES, pass_everything, pull, rows, spec

COLUMNS = ("id", "state", "title", "who", "approver", "target", "submitted", "changed")
VALUES = (
    "new",
    "Bucket",
    "ann@example.com",
    "-",
    "account/100000000012",
    "2026-03-01 09:00",
    "2026-03-02 09:00",
)
SNAPSHOT = {"shape": "snapshot"}


@pytest.fixture
def quick_gate(monkeypatch):
    """Nothing here but the last test is a matter of expectations."""
    pass_everything(monkeypatch)


@pytest.fixture
def world(register, now, tmp_path):
    """Pull so many records with these columns, the n-th day."""

    def run(count, *, columns=COLUMNS, day=0, source=None, **more):
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        lines = [",".join(columns)]
        for n in range(count):
            known = dict(zip(COLUMNS, (f"K{n}", *VALUES), strict=True))
            lines.append(",".join(known.get(column, "x") for column in columns))
        (folder / "drop.csv").write_text("\n".join(lines) + "\n")
        at = now + timedelta(days=day)
        return pull(register, source or spec(**SNAPSHOT), at, tmp_path / "lake", path=folder, **more)

    return run


def history(register, now, *volumes, status="complete", whole=True):
    """Earlier full pulls of so many records."""
    statement = text(
        "INSERT INTO intake_run (source, mode, as_of, finished_at, status, pulled, unchanged, whole)"
        " VALUES ('drops', 'live', :at, :at, :status, :n, :n, :whole)"
    )
    with register.begin() as connection:
        for n in volumes:
            connection.execute(statement, {"at": now, "n": n, "status": status, "whole": whole})


@pytest.mark.usefixtures("quick_gate")
def test_a_pull_that_lost_half_is_held_and_says_what_is_usual(world, register, now):
    history(register, now, 20, 21, 20, 19, 20)
    result = world(9)
    assert (result.status, result.held, result.loaded) == ("held", 9, 0)
    assert (
        "9 records pulled, expected 14 to 26: the last 5 full pulls brought 20 in the median"
        in result.message
    )
    assert rows(register, "SELECT pulled, held FROM intake_run ORDER BY run_id DESC LIMIT 1") == [(9, 9)]


@pytest.mark.usefixtures("quick_gate")
def test_an_empty_snapshot_is_held_where_there_was_always_something(world, register, now):
    history(register, now, 3, 3, 3, 3, 3)
    assert "0 records pulled, expected 1 to 8" in world(0).message


@pytest.mark.usefixtures("quick_gate")
def test_a_first_run_has_no_history_and_neither_has_the_fifth(world, register, now):
    history(register, now, 20, 20, 20, 20)
    assert world(2).status == "complete"


@pytest.mark.usefixtures("quick_gate")
def test_incremental_and_held_pulls_are_no_history_and_an_event_log_has_none(world, register, now):
    history(register, now, 20, 20, 20, whole=False)
    history(register, now, 20, 20, 20, status="failed")
    assert world(2).status == "complete"
    history(register, now, *[20] * 9)
    assert world(2, source=spec(shape="event_log")).status == "complete"
    assert world(2, source=spec(**SNAPSHOT, batch={"volume": False})).status == "complete"
    assert world(2, source=spec(shape="event_log", batch={"volume": {"runs": 5}})).status == "held"


@pytest.mark.usefixtures("quick_gate")
def test_what_a_person_accepted_is_what_is_usual_from_then_on(world, register, now):
    history(register, now, *[20] * 6)
    assert world(5).status == "held"
    assert world(5, day=1, accepted="a register was closed").status == "complete"
    assert world(5, day=2).status == "complete", "the history begins anew"
    kept = rows(register, "SELECT accepted FROM intake_run WHERE accepted IS NOT NULL")
    assert kept == [("a register was closed",)]


@pytest.mark.usefixtures("quick_gate")
def test_a_file_given_by_hand_is_not_held_against_the_sources_own_place(register, now, tmp_path):
    history(register, now, *[20] * 6)
    path = tmp_path / "one.csv"
    path.write_text(",".join(COLUMNS) + "\nK1," + ",".join(VALUES) + "\n")
    result = Intake(register, now, str(tmp_path / "lake"), path=path, policies=POLICIES).run(spec(**SNAPSHOT))
    assert result.status == "complete"
    assert rows(register, "SELECT whole, columns FROM intake_run ORDER BY run_id DESC LIMIT 1") == [
        (None, None)
    ]


@pytest.mark.usefixtures("quick_gate")
def test_new_missing_and_mapped_columns_are_named_once(world, register):
    assert world(6).status == "complete"
    optional = tuple(column for column in COLUMNS if column != "state")
    held = world(6, columns=optional, day=1)
    assert held.message == "the whole batch is held: column 'state' is missing"
    assert world(6, columns=(*COLUMNS, "channel"), day=2).status == "complete"
    assert world(6, columns=(*COLUMNS, "channel"), day=3).status == "complete"
    drift = rows(register, "SELECT validation -> 'drift' FROM intake_run ORDER BY run_id")
    words = [[change["words"] for change in told] for (told,) in drift]
    assert words == [[], ["column 'state' is missing"], ["column 'channel' is new"], []]


def test_a_run_keeps_its_page_and_how_complete_its_fields_are(world, register, tmp_path):
    world(6)
    ((page, summary),) = rows(register, "SELECT page, validation FROM intake_run")
    assert "<html" in (tmp_path / "lake" / page).read_text("utf-8")
    assert (summary["rows"], summary["fields"]["title"], summary["fields"]["decided_by"]) == (6, 6, 0)
    assert summary["newest"] == "2026-03-02T08:00:00+00:00"
