"""Requests that a source no longer shows: deleted, moved away, hidden. They are noted, never taken out.

Only a whole pull can tell. What it did not bring is looked up one by one, and each gets a finding of type
VANISHED_AT_SOURCE that says what became of it; the finding is resolved when the request is seen again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from governance import resources
from governance.errors import SourceUnavailableError
from governance.intake.examined import Examined
from governance.intake.records import Pull, Reader, Tracer
from governance.intake.spec import SourceSpec
from governance.register import findings

TYPE = "VANISHED_AT_SOURCE"
MOST_TRACES = 50
"""How many requests one run looks up; of more the finding says only that they are no longer found."""


@dataclass(frozen=True)
class Absence:
    """What one pull tells about which requests are there.

    `gone` None: nothing is known to be missing, as in a pull that was not whole or holds nameless records.
    """

    examined: Examined
    gone: tuple[tuple[Any, str], ...] | None = None
    """Request (columns of vanished.sql) and what became of it."""

    @cached_property
    def seen(self) -> frozenset[str]:
        """Keys of the requests that are there."""
        return self.examined.good_keys() | {key for key in self.examined.keys_kept_back() if key}


def look(connection: Connection, spec: SourceSpec, examined: Examined, pull: Pull, reader: Reader) -> Absence:
    """Return which requests are there and which are gone, asking the source after each of the latter."""
    told = Absence(examined)
    if not pull.whole or spec.mode != "live" or examined.held or None in examined.keys_kept_back():
        return told
    query = text(resources.sql("intake/vanished.sql"))
    rows = connection.execute(query, {"source": spec.name, "keys": sorted(told.seen)}).fetchall()
    gone = [(row, _trace(reader, row.source_key, number)) for number, row in enumerate(rows)]
    return replace(told, gone=tuple(gone))


def sync(connection: Connection, spec: SourceSpec, absence: Absence, pull: Pull, now: datetime) -> None:
    """Open, keep or resolve the findings of a source; the caller owns the transaction."""
    family = f"source {spec.name}"
    query = text(resources.sql("intake/vanished_open.sql"))
    opened = connection.execute(query, {"family": family, "source": spec.name}).fetchall()
    if not absence.gone and not opened:
        return
    gone = absence.gone or ()
    left: list[str] = []
    if absence.gone is None:
        left = [row.finding_key for row in opened if row.source_key not in absence.seen]
    if gone:
        pull.notes.append(f"{len(gone)} requests are no longer found at the source: see findings {TYPE}")
    findings.sync(
        connection, family, _frame(spec, gone), at=now, unknown=lambda _: pd.Series(left, dtype="str")
    )


def _trace(reader: Reader, key: str, number: int) -> str:
    if not isinstance(reader, Tracer) or number >= MOST_TRACES:
        return "a whole pull did not bring it"
    try:
        return reader.trace(key)
    except SourceUnavailableError as error:
        return f"what became of it cannot be asked: {error}"


def _frame(spec: SourceSpec, gone: Iterable[tuple[Any, str]]) -> pd.DataFrame:
    rows = [
        {
            "finding_key": f"{row.request_number}:vanished",
            "type": TYPE,
            "severity": row.severity,
            "request_number": row.request_number,
            "owner": row.owner,
            "why": f"{row.request_id} is no longer found as {row.source_key} in {spec.name}: {fate}",
            "evidence": json.dumps(
                {"source": spec.name, "source_key": row.source_key, "url": row.source_url, "fate": fate}
            ),
        }
        for row, fate in gone
    ]
    frame = pd.DataFrame(rows, columns=list(findings.COLUMNS))
    return frame.assign(request_number=frame["request_number"].astype("Int64"))
