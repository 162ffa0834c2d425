"""The KPIs of the mechanism, each one SQL file of `sql/kpis/`, as of any instant.

Two temporary tables hold what the register said at that instant (`request_then`, `observation_then`); every
KPI reads them, so all of them speak about the same state. They vanish with the transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from governance import resources
from governance.review import agreement, durations
from governance.review.durations import Clocks
from governance.review.queries import run

Dimension = dict[str, str]


@dataclass(frozen=True)
class Kpi:
    """One number of one KPI.

    `dimension` says which (empty: over everything); `value` is None where it is not known, and `reason` says
    why. `n` is how many things the value speaks for, `unknown` how many it should speak for but cannot.
    `query` is the file below `sql/`.
    """

    id: str
    dimension: Dimension
    value: float | None
    unit: str
    n: int
    unknown: int
    query: str
    reason: str | None = None


REGISTRY = (
    "requests_total", "backlog_open", "throughput", "time_to_decision", "time_to_resolution",
    "within_agreement", "first_pass_yield", "reopened", "reassigned", "hours_by_status", "exceptions",
    "owner_coverage", "reconciliation", "intake_quality", "escalations",
)  # fmt: skip
"""Ids, in the order the pack tells them; each is the name of its SQL file."""


def kpis(
    connection: Connection,
    *,
    as_of: datetime,
    known: datetime | None = None,
    source: str | None = None,
    policies: Path | None = None,
) -> list[Kpi]:
    """Compute every KPI as of `as_of` from what was known at `known` (default: all that is known now).

    `source` restricts them to one source; `policies` is the folder of the response-time agreements, owners
    and calendars (default: the shipped one). The caller owns the transaction; nothing is left behind in it.
    """
    with register_then(connection, as_of=as_of, known=known, source=source):
        clocks = Clocks(policies or resources.folder("policies"))
        return kpis_then(connection, clocks, as_of=as_of, source=source)


def kpis_then(
    connection: Connection, clocks: Clocks, *, as_of: datetime, source: str | None = None
) -> list[Kpi]:
    """Compute every KPI from the tables that `register_then` has laid out."""
    return [
        Kpi(id=name, query=f"kpis/{name}.sql", **row)
        for name in REGISTRY
        for row in _rows(connection, name, clocks, as_of=as_of, source=source)
    ]


def _rows(
    connection: Connection, name: str, clocks: Clocks, *, as_of: datetime, source: str | None
) -> Iterable[dict[str, Any]]:
    if name in ("time_to_decision", "time_to_resolution"):
        return map(asdict, durations.statistics(durations.spans(connection, name, clocks)))
    if name == "within_agreement":
        return map(asdict, agreement.statistics(agreement.spans(connection, clocks, as_of)))
    rows = run(connection, f"kpis/{name}.sql", {"as_of": as_of, "source": source}).mappings()
    return ({**row, "value": None if row["value"] is None else float(row["value"])} for row in rows)


@contextmanager
def register_then(
    connection: Connection, *, as_of: datetime, known: datetime | None, source: str | None = None
) -> Iterator[None]:
    """Lay out the register of an instant in `request_then` and `observation_then`; drop them at the end."""
    tables = ("request_then", "observation_then")
    for table in tables:
        run(connection, f"kpis/{table}.sql", {"as_of": as_of, "known": known, "source": source})
        connection.execute(text(f"ANALYZE {table}"))
    yield
    connection.execute(text(f"DROP TABLE {', '.join(tables)}"))
