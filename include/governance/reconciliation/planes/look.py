"""Every live exception of every plane with its verdict, as reconciliation gives it; nothing is written."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from governance.reconciliation import engine, reading
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
    with reading.opened(connection, at, policies, lake, memory) as told:
        matched = engine.match(told.database, told.known, told.live, told.policy)
        return judge(told.database, matched, told.known, told.live, House(told.policy, at))
