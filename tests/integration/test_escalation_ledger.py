"""The send ledger: nothing is lost and nothing is said twice, whatever happens to the runs."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from escalation_worlds import (
    BOARD,
    MANAGER,
    OFFICE,
    OWNER,
    intake_run,
    ledger,
    observed,
    outbox,
    policies,
    tell,
)
from governance.escalation.escalate import Escalated, escalate
from governance.escalation.policies import read as read_policies


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return policies(tmp_path / "policies")


def at(instant: str) -> datetime:
    return datetime.fromisoformat(instant).replace(tzinfo=UTC)


MONDAY = at("2026-11-16 08:00")


def test_ten_retries_say_it_once(register: Engine, folder: Path) -> None:
    tell(register, *(observed(f"C-{n}", "submitted", "2026-11-11T08:00Z") for n in range(3)))
    runs = [escalate(register, now=MONDAY, policies=folder) for _ in range(10)]
    assert runs[0] == Escalated(rungs={"overdue": 3}, superseded={"reminder": 3}, digests=2)
    assert set(map(str, runs[1:])) == {str(Escalated())}
    assert [(m.recipient, m.subject) for m in outbox(register)] == [
        (MANAGER, "3 requests of your people wait too long; oldest is 1 business day overdue"),
        (OWNER, "3 requests wait for your decision; oldest is 1 business day overdue"),
    ]


def test_two_runs_at_once_say_it_once(register: Engine, folder: Path) -> None:
    tell(register, *(observed(f"C-{n}", "submitted", "2026-11-11T08:00Z") for n in range(20)))
    start, results = threading.Barrier(2), []

    def run() -> None:
        start.wait()
        results.append(escalate(register, now=MONDAY, policies=folder))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.digests for result in results) == [0, 2]
    assert len(ledger(register)) == 40
    assert len(outbox(register)) == 2


def test_after_an_outage_of_a_week_only_the_highest_rung_is_told(register: Engine, folder: Path) -> None:
    tell(register, observed("C-1", "submitted", "2026-11-05T08:00Z"))
    escalate(register, now=at("2026-11-05 09:00"), policies=folder)
    assert escalate(register, now=MONDAY, policies=folder) == Escalated(
        rungs={"escalation": 1}, superseded={"reminder": 1, "overdue": 1}, digests=3
    )
    assert ledger(register) == [
        ("C-1", 1, "reminder", OWNER, False),
        ("C-1", 1, "overdue", MANAGER, False),
        ("C-1", 1, "escalation", BOARD, True),
    ]
    assert escalate(register, now=MONDAY + timedelta(days=30), policies=folder) == Escalated()


def test_the_ledger_keeps_when_a_rung_fell_due_not_when_it_was_noticed(
    register: Engine, folder: Path
) -> None:
    tell(register, observed("C-1", "submitted", "2026-11-05T08:00Z"))
    escalate(register, now=MONDAY, policies=folder)
    with register.connect() as connection:
        rows = connection.execute(
            text("SELECT rung, reached_at, due_at FROM send_ledger ORDER BY reached_at")
        ).all()
    deadline = at("2026-11-06 16:00")
    assert [tuple(row) for row in rows] == [
        ("reminder", at("2026-11-06 12:00"), deadline),
        ("overdue", deadline, deadline),
        ("escalation", at("2026-11-10 16:00"), deadline),
    ]


def test_a_backfill_chases_nobody_for_what_they_have_done_since(register: Engine, folder: Path) -> None:
    tell(
        register,
        observed("C-1", "submitted", "2026-11-02T08:00Z"),
        observed("C-1", "approved", "2026-11-13T08:00Z"),
        observed("C-2", "submitted", "2026-11-02T08:00Z"),
    )
    for day in range(2, 17):
        escalate(register, now=at(f"2026-11-{day:02} 20:00"), policies=folder)
    assert {key for key, *_ in ledger(register)} == {"C-2"}


def test_a_backfill_after_the_present_run_repeats_nothing(register: Engine, folder: Path) -> None:
    tell(register, observed("C-1", "submitted", "2026-11-02T08:00Z"))
    escalate(register, now=MONDAY, policies=folder)
    past = [escalate(register, now=MONDAY - timedelta(days=day), policies=folder) for day in range(1, 14)]
    assert past == [Escalated()] * 13


def test_waiting_on_the_requester_stops_everything_until_they_answer(register: Engine, folder: Path) -> None:
    tell(
        register,
        observed("C-1", "submitted", "2026-11-02T08:00Z"),
        observed("C-1", "needs_information", "2026-11-02T14:00Z"),  # after 6 hours
    )
    assert escalate(register, now=at("2026-11-12 08:00"), policies=folder) == Escalated()
    tell(register, observed("C-1", "in_review", "2026-11-12T08:00Z"))
    assert escalate(register, now=at("2026-11-12 13:59"), policies=folder) == Escalated()
    assert escalate(register, now=at("2026-11-12 14:00"), policies=folder).rungs == {"reminder": 1}


def test_a_reopened_request_climbs_the_ladder_again(register: Engine, folder: Path) -> None:
    tell(register, observed("C-1", "submitted", "2026-10-05T08:00Z"))
    escalate(register, now=at("2026-10-12 08:00"), policies=folder)
    tell(
        register,
        observed("C-1", "rejected", "2026-10-13T08:00Z"),
        observed("C-1", "submitted", "2026-11-12T08:00Z", title="Once more"),
    )
    assert escalate(register, now=at("2026-11-13 08:00"), policies=folder) == Escalated()
    assert escalate(register, now=at("2026-11-13 12:00"), policies=folder).rungs == {"reminder": 1}
    assert [(cycle, rung) for _, cycle, rung, *_ in ledger(register)] == [
        (1, "reminder"),
        (1, "overdue"),
        (1, "escalation"),
        (2, "reminder"),
    ]


def test_history_that_arrives_late_makes_nobody_hear_it_again(register: Engine, folder: Path) -> None:
    tell(register, observed("C-1", "submitted", "2026-11-05T08:00Z"))
    escalate(register, now=at("2026-11-06 12:00"), policies=folder)
    tell(
        register,
        observed("C-1", "submitted", "2026-10-01T08:00Z", title="As first asked"),
        observed("C-1", "rejected", "2026-10-02T08:00Z"),
        known_at=at("2026-11-06 13:00"),
    )
    assert escalate(register, now=at("2026-11-06 14:00"), policies=folder) == Escalated()
    assert escalate(register, now=at("2026-11-06 16:00"), policies=folder).rungs == {"overdue": 1}


def test_a_decision_ends_it(register: Engine, folder: Path) -> None:
    tell(register, observed("C-1", "submitted", "2026-11-05T08:00Z"))
    escalate(register, now=at("2026-11-06 12:00"), policies=folder)
    tell(register, observed("C-1", "approved", "2026-11-06T13:00Z"))
    assert escalate(register, now=MONDAY, policies=folder) == Escalated()


def test_a_holiday_moves_every_rung(register: Engine, folder: Path) -> None:
    # 1 May 2026 is a Friday and a holiday in Germany.
    tell(register, observed("C-1", "submitted", "2026-04-30T07:00Z"))
    assert escalate(register, now=at("2026-05-04 10:59"), policies=folder) == Escalated()
    assert escalate(register, now=at("2026-05-04 11:00"), policies=folder).rungs == {"reminder": 1}


@pytest.mark.parametrize(
    ("submitted", "reminder"),
    [
        ("2026-03-27T08:00Z", "2026-03-30T11:00"),  # Friday 09:00 CET, Monday 13:00 CEST
        ("2026-10-23T07:00Z", "2026-10-26T12:00"),  # Friday 09:00 CEST, Monday 13:00 CET
    ],
)
def test_a_rung_stays_on_the_owners_clock_when_the_clocks_change(
    register: Engine, folder: Path, submitted: str, reminder: str
) -> None:
    tell(register, observed("C-1", "submitted", submitted))
    assert escalate(register, now=at(reminder) - timedelta(seconds=1), policies=folder) == Escalated()
    assert escalate(register, now=at(reminder), policies=folder).rungs == {"reminder": 1}


def test_a_request_that_names_no_risk_is_held_to_medium_and_told_so(register: Engine, folder: Path) -> None:
    tell(register, observed("C-1", "submitted", "2026-11-02T08:00Z", risk_level=None))
    assert escalate(register, now=at("2026-11-05 14:00"), policies=folder).rungs == {"reminder": 1}
    [message] = outbox(register)
    assert "medium risk assumed, because the request names none" in message.body_text
    assert "medium risk assumed, because the request names none" in message.body_html


def test_the_owner_is_who_the_policy_says_today(register: Engine, folder: Path) -> None:
    tell(register, observed("C-1", "submitted", "2026-11-12T08:00Z", owner="left@x.y", owner_rule="payments"))
    escalate(register, now=at("2026-11-13 12:00"), policies=folder)
    assert [message.recipient for message in outbox(register)] == [OWNER]


def test_quiet_hours_are_the_recipients(register: Engine, folder: Path) -> None:
    tell(
        register,
        observed("C-1", "submitted", "2026-11-12T08:00Z"),
        observed("C-2", "submitted", "2026-11-11T22:00Z", target="account/100000000050"),
    )
    escalate(register, now=at("2026-11-13 12:00"), policies=folder)  # 13:00 in Berlin, 23:00 in Sydney
    leaves = {message.recipient: message.not_before for message in outbox(register)}
    assert leaves[OWNER] == at("2026-11-13 12:00")
    assert leaves["sandbox-lead@example.com"] == at("2026-11-13 20:00")  # Saturday 07:00 in Sydney


def test_a_person_with_several_roles_gets_one_digest(register: Engine, folder: Path) -> None:
    unowned = observed("C-1", "submitted", "2026-11-05T08:00Z", target="account/100000000099")
    tell(register, unowned, observed("C-2", "submitted", "2026-11-05T08:00Z"))
    escalate(register, now=MONDAY, policies=folder)  # the board manages the office, and is the authority
    recipients = [message.recipient for message in outbox(register)]
    assert sorted(recipients) == sorted({BOARD, OFFICE, OWNER, MANAGER})
    [to_board] = [message for message in outbox(register) if message.recipient == BOARD]
    assert "1 request of your people waits too long" in to_board.body_html
    assert "1 request is escalated to you" in to_board.body_html


def test_what_exceeds_the_cap_is_summarised_and_still_in_the_ledger(register: Engine, tmp_path: Path) -> None:
    folder = policies(tmp_path / "capped", digests_per_run=3)
    owners = [f"lead-{n}@example.com" for n in range(8)]
    tell(
        register,
        *(
            observed(f"C-{n}", "submitted", "2026-11-12T08:00Z", owner=owner)
            for n, owner in enumerate(owners)
        ),
    )
    done = escalate(register, now=at("2026-11-13 12:00"), policies=folder)
    assert (done.rungs, done.digests, done.overflow) == ({"reminder": 8}, 3, 5)
    messages = outbox(register)
    assert [message.kind for message in messages] == ["digest"] * 3 + ["overflow"]
    assert messages[3].recipient == OFFICE
    assert all(owner in messages[3].body_text for owner in owners[3:])
    assert [told for *_, told in ledger(register)] == [True] * 8
    assert escalate(register, now=at("2026-11-13 12:30"), policies=folder) == Escalated()


def test_a_long_digest_shows_the_worst_and_numbers_the_rest(register: Engine, tmp_path: Path) -> None:
    folder = policies(tmp_path / "short", requests_per_digest=2)
    tell(register, *(observed(f"C-{n}", "submitted", "2026-11-12T08:00Z") for n in range(5)))
    escalate(register, now=at("2026-11-13 12:00"), policies=folder)
    [message] = outbox(register)
    assert message.body_text.count("Decide by") == 2
    assert "3 more: CHG-000003, CHG-000004, CHG-000005" in message.body_text


def test_a_rung_added_below_one_that_was_told_is_not_told(register: Engine, folder: Path) -> None:
    tell(register, observed("C-1", "submitted", "2026-11-05T08:00Z"))
    escalate(register, now=at("2026-11-06 16:00"), policies=folder)
    ladder = folder / "ladder.yaml"
    rung = "  - {rung: nudge, at_percent: 50, audience: owner}\n"
    ladder.write_text(ladder.read_text("utf-8").replace("decision:\n", f"decision:\n{rung}"), "utf-8")
    assert escalate(register, now=at("2026-11-06 17:00"), policies=folder) == Escalated()


def test_a_rehearsal_keeps_nothing(register: Engine, folder: Path) -> None:
    tell(register, observed("C-1", "submitted", "2026-11-05T08:00Z"))
    assert escalate(register, now=MONDAY, policies=folder, dry_run=True).rungs == {"escalation": 1}
    assert (ledger(register), outbox(register)) == ([], [])


def test_a_run_that_dies_before_its_end_keeps_nothing(
    register: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(register, observed("C-1", "submitted", "2026-11-05T08:00Z"))
    monkeypatch.setattr("governance.escalation.escalate._tell_undelivered", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        escalate(register, now=MONDAY, policies=folder)
    assert (ledger(register), outbox(register)) == ([], [])
    monkeypatch.undo()
    assert escalate(register, now=MONDAY, policies=folder).digests == 3


def test_hostile_titles_change_neither_headers_nor_markup(register: Engine, folder: Path) -> None:
    title = "<img src=x onerror=alert(1)>\r\nBcc: all@example.com\r\n\r\n{{ self }}{% raw %}\u202e"
    row = observed("C-1", "submitted", "2026-11-12T08:00Z", title=title, source_url="javascript:alert(1)")
    tell(register, {**row, "benefit": title, "requester": '"><script>', "target": "account/100000000030/<b>"})
    escalate(register, now=at("2026-11-13 12:00"), policies=folder)
    [message] = outbox(register)
    assert "\n" not in message.subject
    assert "\r" not in message.subject
    assert "<img src=x" not in message.body_html
    assert "&lt;img src=x onerror=alert(1)&gt; Bcc: all@example.com {{ self }}{% raw %}" in message.body_html
    assert "<script>" not in message.body_html
    assert "javascript:" not in message.body_html
    assert "\u202e" not in message.body_html + message.body_text


def quarantined(register: Engine, source: str, *keys: str) -> None:
    statement = text(
        "INSERT INTO quarantine (source, raw_hash, locator, source_key, raw, reasons, first_run, last_run,"
        " arrived_at) VALUES (:source, sha256(convert_to(:key, 'UTF8')), :locator, :key, '{}',"
        ' \'[{"why": "due_at: found 31.02.2026, expected a date"}]\', :run, :run, :at)'
    )
    with register.begin() as connection:
        run = intake_run(connection, MONDAY, source)
        for key in keys:
            row = {"source": source, "key": key, "locator": f"drop.csv:{key}", "run": run, "at": MONDAY}
            connection.execute(statement, row)


def test_a_source_owner_hears_once_of_each_quarantined_record(register: Engine, folder: Path) -> None:
    owners = {"landing_zone_csv": "data-lead@example.com"}
    quarantined(register, "landing_zone_csv", "LZ-1", "LZ-2")
    quarantined(register, "landing_zone", "X-1")  # its name begins as the other's; nobody owns it
    first = escalate(register, now=MONDAY, policies=folder, source_owners=owners)
    assert first.quarantine == 2
    assert escalate(register, now=MONDAY, policies=folder, source_owners=owners).quarantine == 0
    quarantined(register, "landing_zone_csv", "LZ-3")
    assert escalate(register, now=MONDAY, policies=folder, source_owners=owners).quarantine == 1
    messages = {message.subject: message for message in outbox(register)}
    assert [(subject, message.recipient) for subject, message in messages.items()] == [
        ("1 record of landing_zone not loaded: see why", OFFICE),
        ("2 records of landing_zone_csv not loaded: see why", "data-lead@example.com"),
        ("1 record of landing_zone_csv not loaded: see why", "data-lead@example.com"),
    ]
    last = messages["1 record of landing_zone_csv not loaded: see why"]
    assert "LZ-3  drop.csv:LZ-3" in last.body_text
    assert "found 31.02.2026, expected a date" in last.body_html
    assert "LZ-1" not in last.body_text


def ended(
    register: Engine, status: str, at: datetime, source: str = "drops", message: str = "12 records pulled"
) -> None:
    with register.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO intake_run (source, mode, as_of, finished_at, status, pulled, held, message)"
                " VALUES (:s, 'live', :at, :at, :status, :n, :n, :m)"
            ),
            {"s": source, "at": at, "status": status, "n": 12 if status == "held" else 0, "m": message},
        )


def test_a_held_batch_is_told_to_its_source_owner_once_until_a_run_ends_well(
    register: Engine, folder: Path
) -> None:
    def told() -> int:
        return escalate(
            register, now=MONDAY, policies=folder, source_owners={"drops": "data@example.com"}
        ).stopped

    ended(register, "held", MONDAY)
    assert told() == 1
    ended(register, "held", MONDAY)
    assert told() == 0
    ended(register, "complete", MONDAY)
    assert told() == 0
    ended(register, "held", MONDAY, message="column 'State' is missing")
    assert told() == 1
    first, second = outbox(register)
    assert (first.recipient, first.subject) == (
        "data@example.com",
        "drops: a batch is held, nothing is loaded",
    )
    assert "12 records pulled" in first.body_text
    assert "column &#39;State&#39; is missing" in second.body_html
    assert "governance intake drops --full --accept" in second.body_text


def test_pulls_that_fail_are_told_from_the_third_in_a_row(register: Engine, folder: Path) -> None:
    counts = []
    for _ in range(5):
        ended(register, "failed", MONDAY, message="the source does not answer")
        counts.append(escalate(register, now=MONDAY, policies=folder).stopped)
    assert counts == [0, 0, 1, 0, 0]
    [message] = outbox(register)
    assert (message.recipient, message.subject) == (OFFICE, "drops: pulls fail, nothing is loaded")
    assert "Its last 3 pulls failed." in message.body_text
    assert "--accept" not in message.body_text


def test_the_shipped_policies_are_right(root: Path) -> None:
    assert read_policies(root / "include" / "policies").ladder.escalation_authority == BOARD
