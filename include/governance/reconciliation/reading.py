"""Everything that a question about one instant is answered from, opened together and closed together."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from sqlalchemy import Connection

from governance.reconciliation import engine, evidence, exceptions
from governance.reconciliation import policy as policy_files
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.policy import ReconciliationPolicy


@dataclass(frozen=True)
class Reading:
    """The newest snapshot up to an instant, the exceptions live then, the policy, and an empty database."""

    known: Evidence
    live: list[LiveException]
    policy: ReconciliationPolicy
    database: duckdb.DuckDBPyConnection


@contextmanager
def opened(
    connection: Connection,
    at: datetime,
    policies: Path,
    lake: str | None = None,
    memory: str = engine.MEMORY,
    also: int | None = None,
) -> Iterator[Reading]:
    """Open what is known at `at` (UTC). `also` is the number of a request that counts as if it were approved.

    Raises GovernanceError where there is no snapshot, DocumentError where a policy is wrong.
    """
    policy, limits = policy_files.read(policies)
    snapshot_id = evidence.latest_snapshot(connection, at)
    live = exceptions.live(connection, at, limits, also=also)
    with (
        evidence.opened(connection, snapshot_id, at, policy.evidence, lake) as known,
        tempfile.TemporaryDirectory(prefix="governance-duckdb-") as scratch,
        engine.database(Path(scratch), memory) as database,
    ):
        yield Reading(known, live, policy, database)
