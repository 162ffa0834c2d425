"""What is kept beside the requests of a pull: files that came along, and what later records will ask for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from governance.intake import evidence
from governance.intake.examined import Examined
from governance.intake.readers.kind import Settled
from governance.intake.readers.registry import conversing


def settle(connection: Connection, examined: Examined, run_id: int, at: datetime) -> None:
    """Keep both, in the transaction of the load. A pull of records that come alone costs nothing here."""
    with_files = examined.parts.with_evidence
    if with_files:
        evidence.remember(connection, examined.spec, with_files, run_id=run_id, at=at)
    kind = conversing(examined.spec)
    if kind is not None:
        records = [record for part in examined.parts for record in part.records()]
        kind.settle(connection, examined.spec, Settled(records, examined.failed, run_id, at))
