"""Requests that went past the process: fulfilled unapproved, approved by the requester or by somebody who
decides for nobody, decided too early."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, text

from governance import resources
from governance.register import findings


def sync_bypasses(connection: Connection, now: datetime) -> findings.Turns:
    """Make the findings of family `process` equal to what the history of all sources shows as of `now`.

    The lock comes first: what another source loaded meanwhile must be in the answer, or it would be resolved.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('governance.findings'))"))
    rows = connection.execute(text(resources.sql("intake/process_bypass.sql")), {"now": now})
    frame = pd.DataFrame(rows.fetchall(), columns=list(findings.COLUMNS))
    frame = frame.assign(request_number=frame["request_number"].astype("Int64"))
    return findings.sync(connection, "process", frame, at=now)
