"""Escalation from the register to the mailbox: the file to read first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from escalation_worlds import (
    BOARD,
    MANAGER,
    OWNER,
    Mailbox,
    ledger,
    mailbox,
    observed,
    outbox,
    policies,
    tell,
)
from governance.escalation.delivery import send
from governance.escalation.escalate import escalate


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return policies(tmp_path / "policies")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_owner_is_reminded_at_three_quarters_of_the_agreement(
    register: Engine, box: Mailbox, folder: Path
) -> None:
    # High risk: 16 business hours. Submitted Thursday 09:00 in Berlin: 12 hours are over on Friday at 13:00.
    tell(register, observed("C-1", "submitted", "2026-11-12T08:00Z"))
    assert escalate(register, now=at("2026-11-13 11:59"), policies=folder).rungs == {}
    assert escalate(register, now=at("2026-11-13 12:00"), policies=folder).rungs == {"reminder": 1}
    sent = send(register, now=at("2026-11-13 12:00"), smtp=box.connection, policies=folder)
    assert (sent.sent, sent.failed, sent.pending) == (1, 0, 0)
    [message] = box.received
    assert message["To"] == OWNER
    assert message["Subject"] == "Your decision: CHG-000001 Change C-1 (due in 4 business hours)"
    assert message["Auto-Submitted"] == "auto-generated"
    body = message.get_body(("plain",)).get_content()
    assert "Fri 13 Nov 2026, 17:00 CET (2 business days to decide a change, high risk)" in body
    assert (
        f"If it is undecided on Fri 13 Nov 2026, 17:00 CET, it goes to the owner's manager, {MANAGER}."
        in body
    )
    assert "https://governance.example.com/requests/CHG-000001" in body


def test_each_rung_goes_to_its_own_audience_once(register: Engine, folder: Path) -> None:
    tell(register, observed("C-1", "submitted", "2026-11-02T08:00Z"))
    for day in range(2, 14):
        for hour in (6, 12, 18):
            escalate(register, now=at(f"2026-11-{day:02} {hour:02}:00"), policies=folder)
    assert ledger(register) == [
        ("C-1", 1, "reminder", OWNER, True),
        ("C-1", 1, "overdue", MANAGER, True),
        ("C-1", 1, "escalation", BOARD, True),
    ]
    told = [message.recipient for message in outbox(register)]
    assert sorted(told) == sorted([OWNER, MANAGER, OWNER, BOARD, MANAGER, OWNER])
