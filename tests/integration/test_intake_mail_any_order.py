"""Threads come in any order, over any number of pulls, repeated and numbered anew: the register ends up the same."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from governance.intake import examination
from governance.quality.gate import Verdict
from intake_worlds import frame
from mail_worlds import drawn, mail, mailbox

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
TABLES = "request, request_event, history_block, quarantine, intake_run, finding, finding_event, mail_message, evidence"
REGISTER = "SELECT source_key, kind, title, description, requester, status, submitted_at, valid_at FROM request ORDER BY 1"
HISTORY = (
    "SELECT DISTINCT ON (source_key, e.valid_at, e.raw::json ->> 'message_id') source_key, e.valid_at, e.raw::json ->> 'message_id' AS message_id,"
    " e.actor, e.state::json ->> 'title' AS title, e.state::json ->> 'description' AS description"
    " FROM request_event e JOIN request USING (request_number) ORDER BY source_key, e.valid_at, e.raw::json ->> 'message_id', event DESC"
)
PLACES = [(thread, number) for thread in range(2) for number in range(4)]


def letter(thread: int, number: int) -> bytes:
    """Message `number` of a thread; 0 is its root, and everybody answers the one before."""
    names = [f"t{thread}-{n}" for n in range(number)]
    return mail(f"t{thread}-{number}", subject=f"Re: matter {thread}, take {number}", text=f"Words {thread} {number}",
                sender=f"p{number}@example.com", hours=number + thread / 2, answers=tuple(names))  # fmt: skip


@pytest.fixture
def quick_gate(monkeypatch):
    """The order of messages is no matter of the expectations; they take most of the time."""
    monkeypatch.setattr(examination, "judge", lambda batch, reasons, *a, **k: Verdict(reasons, "", {}))


def told(register, pulls, renumbered=False) -> list[pd.DataFrame]:
    """Empty the register, let messages arrive pull by pull, and return what it says."""
    with register.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE"))
        connection.execute(text("SET session_replication_role = DEFAULT"))
    box = mailbox()
    with tempfile.TemporaryDirectory() as lake:
        for arrived in pulls:
            box.messages += mailbox(*arrived).messages
            _balanced(drawn(register, box, NOW, Path(lake)))
        if renumbered:
            box.renumber(box.messages[::-1])
            assert _balanced(drawn(register, box, NOW, Path(lake))).loaded == 0
    return [frame(register, REGISTER), frame(register, HISTORY)]


def _balanced(result):
    assert result.status == "complete", result.message
    assert result.pulled == result.loaded + result.unchanged + result.quarantined
    assert result.quarantined == 0
    return result


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), chosen=st.lists(st.sampled_from(PLACES), min_size=1, unique=True))
def test_a_mailbox_in_any_order_tells_the_same(register, quick_gate, data, chosen):
    clean = told(register, [[letter(*place) for place in sorted(chosen)]])
    shuffled = [letter(*place) for place in data.draw(st.permutations(chosen))]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(chosen)), max_size=3)))
    pulls = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(chosen)], strict=True)]
    again = data.draw(st.lists(st.sampled_from(shuffled), max_size=2))
    found = told(register, [*pulls, again], renumbered=True)
    for expected, got in zip(clean, found, strict=True):
        pd.testing.assert_frame_equal(expected, got)
