"""Whatever order drops come in, however often and however they overlap, the register ends up the same."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from governance.intake import examination
from governance.quality.gate import Verdict
from intake_worlds import REGISTER, frame, pull, spec

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
HEADER = "id,state,title,who,approver,target,submitted,changed\n"
TABLES = "request, request_event, history_block, quarantine, intake_run, finding, finding_event"
rows_of = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 59), st.sampled_from(["new", "granted", "built", "parked"])),
    min_size=1, max_size=12, unique_by=lambda row: row[:2],
)  # fmt: skip
HISTORY = (
    "SELECT r.source_key, e.valid_at, e.status FROM request_event e JOIN request r USING (request_number)"
    " ORDER BY r.source_key, e.valid_at"
)


def line(row: tuple[int, int, str]) -> str:
    key, minute, state = row
    return f"{key},{state},Title,ann@example.com,-,account/100000000012,2026-03-01 09:00,2026-03-01 10:{minute:02d}\n"


@pytest.fixture
def quick_gate(monkeypatch):
    """The order of drops is no matter of the expectations; they take most of the time."""
    monkeypatch.setattr(examination, "judge", lambda batch, reasons, *a, **k: Verdict(reasons, "", {}))


def told(register, drops) -> list[pd.DataFrame]:
    """Empty the register, pull the drops one after the other, and return what it says."""
    with register.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(f"TRUNCATE {TABLES} RESTART IDENTITY CASCADE"))
        connection.execute(text("SET session_replication_role = DEFAULT"))
    for drop in drops:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "drop.csv"
            path.write_text(HEADER + "".join(line(row) for row in drop))
            result = pull(register, spec(), NOW, Path(folder), path=path)
        assert result.status == "complete", result.message
        assert result.pulled == result.loaded + result.unchanged + result.quarantined
    return [frame(register, REGISTER, s="drops"), frame(register, HISTORY)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), rows=rows_of)
def test_reordered_repeated_and_overlapping_drops_tell_the_same(register, quick_gate, data, rows):
    once = told(register, [rows])
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    overlap = data.draw(st.integers(0, 3))
    drops = [shuffled[: cut + overlap], shuffled[cut:], shuffled[::-1]]
    for expected, found in zip(once, told(register, [drop for drop in drops if drop]), strict=True):
        pd.testing.assert_frame_equal(expected, found)
