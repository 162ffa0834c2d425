"""Findings have a life: opened, seen again, resolved, reopened; every turn is kept.

A family of findings has one writer, which hands over everything that is true now; what it no longer names
is resolved. A run in which nothing changed writes nothing but the time the findings were last seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, text

from governance import resources
from governance.register.load import copy_frame

COLUMNS = (
    "finding_key", "type", "severity", "request_number", "account", "region", "rule", "resource_type",
    "resource_id", "owner", "why", "evidence",
)  # fmt: skip
"""Columns of the frame given to `sync`: text, but `request_number` Int64 and `evidence` JSON text.
`finding_key` is what makes it the same finding next time: never an instant, a count or a verdict."""


@dataclass(frozen=True)
class Turns:
    """How many findings took which turn."""

    opened: int = 0
    changed: int = 0
    reopened: int = 0
    resolved: int = 0


def sync(
    connection: Connection,
    family: str,
    current: pd.DataFrame,
    *,
    at: datetime,
    unknown: pd.Series | None = None,
) -> Turns:
    """Make the open findings of `family` equal to `current` (columns: COLUMNS) as of `at`.

    `unknown` names finding keys about which there is no evidence now: open ones among them stay open,
    because unknown is never clean.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('governance.findings'))"))
    connection.execute(text(resources.sql("register/stage_findings.sql")))
    if not current.empty:
        copy_frame(connection, current[list(COLUMNS)], "stage_finding")
    if unknown is not None and not unknown.empty:
        copy_frame(connection, pd.DataFrame({"finding_key": unknown}), "stage_unknown")
    rows = connection.execute(text(resources.sql("register/sync_findings.sql")), {"family": family, "at": at})
    turns = {str(row.change): int(row.findings) for row in rows}
    connection.execute(text("DROP TABLE stage_finding, stage_unknown"))
    return Turns(**turns)
