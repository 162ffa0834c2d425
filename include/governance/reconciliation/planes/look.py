"""Every live exception of every plane with its verdict, as reconciliation gives it; nothing is written."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from governance.reconciliation import engine, evidence, exceptions
from governance.reconciliation import policy as policy_files
from governance.reconciliation.planes.judge import House, judge
from governance.reconciliation.planes.live import Found


def look(
    connection: Connection,
    at: datetime,
    policies: Path,
    lake: str | None = None,
    memory: str = engine.MEMORY,
) -> Found:
    """Judge the newest snapshot up to `at` (UTC) by the register as it was then.

    Raises GovernanceError where there is no snapshot, DocumentError where a policy is wrong.
    """
    policy, limits = policy_files.read(policies)
    snapshot_id = evidence.latest_snapshot(connection, at)
    live = exceptions.live(connection, at, limits)
    with (
        evidence.opened(connection, snapshot_id, at, policy.evidence, lake) as known,
        tempfile.TemporaryDirectory(prefix="governance-live-") as scratch,
        engine.database(Path(scratch), memory) as database,
    ):
        matched = engine.match(database, known, live, policy)
        return judge(database, matched, known, live, House(policy, at))
