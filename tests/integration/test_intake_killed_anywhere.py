"""A run that is killed between any two of its statements leaves a register that the next run makes whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, event, text

from governance.intake import examination
from governance.intake.run import Intake
from governance.intake.runs import RunResult
from governance.quality.gate import Verdict
from governance.register.history import broken_blocks
from intake_worlds import REGISTER, frame, rows, spec

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
HEADER = "id,state,title,who,approver,target,submitted,changed\n"
ROW = "{0},{1},Title,ann@example.com,bo@example.com,account/100000000012,2026-03-01 09:00,2026-03-01 10:{2}\n"
POLICY = """
authority: {name: office, match: {}, accountable: office@example.com, contact: office@example.com,
            manager: board@example.com, timezone: Europe/Berlin, calendar: germany, review_date: 2027-03-31}
owners: []
"""
FIRST = HEADER + ROW.format(1, "new", "00") + ROW.format(2, "new", "00") + ROW.format(3, "parked", "00")
SECOND = FIRST + ROW.format(1, "granted", "05") + ROW.format(1, "built", "10") + ROW.format(4, "parked", "00")
TABLES = (
    "finding_event",
    "finding",
    "quarantine",
    "request_event",
    "request",
    "history_block",
    "intake_run",
    "ownership",
)
HISTORY = (
    "SELECT r.source_key, e.valid_at, e.status, e.digest IS NOT NULL AS sealed, e.block"
    " FROM request_event e JOIN request r USING (request_number) ORDER BY r.source_key, e.valid_at"
)
KEPT_BACK = "SELECT locator, status, reasons::text AS reasons FROM quarantine ORDER BY locator"
FINDINGS = "SELECT r.source_key, f.evidence ->> 'way' AS way, f.status FROM finding f JOIN request r USING (request_number) ORDER BY 1, 2"
UNBALANCED = (
    "SELECT * FROM intake_run WHERE status = 'complete' AND pulled <> loaded + unchanged + quarantined"
)


class Killed(BaseException):
    """The process is gone: nothing of it cleans up."""


class Points:
    """Counts statements and commits; at number `fatal` the server ends every session, as if the process died."""

    def __init__(self, engine: Engine, fatal: int = 0) -> None:
        self.engine, self.fatal, self.passed = engine, fatal, 0

    def reach(self, *_: object) -> None:
        self.passed += 1
        if self.passed == self.fatal:
            raise Killed

    @contextmanager
    def watched(self) -> Iterator[None]:
        listeners = [("before_cursor_execute", self.reach), ("commit", self.reach)]
        for name, listener in listeners:
            event.listen(self.engine, name, listener)
        try:
            yield
        finally:
            for name, listener in listeners:
                event.remove(self.engine, name, listener)


@pytest.fixture
def drop(tmp_path, monkeypatch):
    """A file to pull. The expectations write nothing and take most of the time: they are left out."""
    monkeypatch.setattr(examination, "judge", lambda batch, reasons, *a, **k: Verdict(reasons, "", {}))
    (tmp_path / "ownership.yaml").write_text(POLICY)
    path = tmp_path / "drop.csv"
    path.write_text(SECOND)
    return path


def pulled(register: Engine, drop: Path) -> RunResult:
    return Intake(register, NOW, str(drop.parent), path=drop, policies=drop.parent).run(spec())


def cleared(register: Engine) -> None:
    """Make the register empty; to DELETE a few rows is quicker than to TRUNCATE."""
    with register.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in TABLES:
            connection.execute(text(f"DELETE FROM {table}"))


def told(register: Engine) -> list[pd.DataFrame]:
    """All that the register says, without the numbers of runs."""
    assert rows(register, UNBALANCED) == []
    with register.connect() as connection:
        assert broken_blocks(connection) == []
    requests = frame(register, REGISTER, s="drops")
    return [requests, *(frame(register, query) for query in (HISTORY, KEPT_BACK, FINDINGS))]


def kill(register: Engine, run, fatal: int) -> bool:
    """Run until point `fatal` and end it there; return whether there was such a point."""
    points = Points(register, fatal)
    try:
        with points.watched():
            run()
    except Killed:
        pass
    finally:
        register.dispose()
    return points.passed >= fatal


def test_a_kill_between_any_two_statements_changes_nothing_that_the_next_run_does_not_mend(register, drop):
    pulled(register, drop)
    clean = told(register)
    cleared(register)
    fatal = 1
    while kill(register, lambda: pulled(register, drop), fatal):
        again = pulled(register, drop)
        assert (again.status, again.pulled) == ("complete", 6)
        for expected, found in zip(clean, told(register), strict=True):
            pd.testing.assert_frame_equal(expected, found)
        cleared(register)
        fatal += 1
    assert fatal > 25, "a run has at least so many points to be killed at"


def test_a_connection_lost_at_any_statement_is_told_and_nothing_is_half_written(register, drop):
    before = told(register)
    points = Points(register)
    with points.watched():
        pulled(register, drop)
    for fatal in range(6, points.passed - 1, 4):  # every fourth: the one above takes them all
        cleared(register)
        lost = Lost(register, fatal)
        with lost.watched():
            result = pulled(register, drop)
        assert result.status == "failed", result
        assert "the register failed, nothing was written" in result.message
        for expected, found in zip(before, told(register), strict=True):
            pd.testing.assert_frame_equal(expected, found)


class Lost(Points):
    """At number `fatal` the server ends the session that asks."""

    def reach(self, connection, *_: object) -> None:
        self.passed += 1
        if self.passed == self.fatal:
            pid = connection.connection.driver_connection.info.backend_pid
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
                other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
