"""Everything a pack is made of, read from the register in one transaction: the pack's words and pictures only
arrange it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from governance.register.history import broken_blocks, last_seal
from governance.review import agreement, durations
from governance.review.history import Histories, Point, histories
from governance.review.kpis import Kpi, kpis_then, register_then
from governance.review.measures import Measure
from governance.review.periods import layout
from governance.review.queries import run

Rows = list[dict[str, Any]]

LISTS = (
    "ending",
    "expired_live",
    "drifted",
    "deviating_rules",
    "last_runs",
    "evidence",
    "duplicates",
    "live_exceptions",
    "unseen",
)
"""Files of `sql/kpis/pack/`: what the pack lists by name."""


@dataclass(frozen=True)
class Facts:
    """What was true at `as_of`, as far as known at `known`; `lists` holds the rows of LISTS by name.

    `overdue` lists undecided requests beyond their agreement, the longest overrun first: request_id, title,
    owner, risk_level, submitted_at, over (business hours). `broken` are the blocks of the hash chain that do
    not add up, `seal` is the newest block with its hash.
    """

    as_of: datetime
    known: datetime
    kpis: list[Kpi]
    histories: Histories
    lists: dict[str, Rows]
    overdue: Rows
    broken: list[tuple[int, str]]
    seal: tuple[int, str] | None

    def kpi(self, name: str, **dimension: str) -> Kpi | None:
        """Return one number of a KPI, None where the register has no such row."""
        return next((k for k in self.kpis if k.id == name and k.dimension == dimension), None)

    def rows(self, name: str, *keys: str) -> list[Kpi]:
        """Return the numbers of a KPI whose dimension has exactly these keys."""
        return [k for k in self.kpis if k.id == name and set(k.dimension) == set(keys)]

    def current(self, measure: Measure) -> list[Kpi]:
        """Return the numbers that make up the present value of a state; empty for counts and rates."""
        return [k for k in self.kpis if k.id == measure.kpi and k.dimension in measure.dimensions]

    def points(self, measure: Measure, kind: str) -> list[Point]:
        """Return the history of a measure by weeks or months."""
        return [p for p in self.histories[measure.id] if p.period.kind == kind]


def gather(connection: Connection, *, as_of: datetime, known: datetime | None, policies: Path) -> Facts:
    """Read the facts of a pack. `known` None: see `knowledge`. The caller owns the transaction."""
    known = known or knowledge(connection, as_of)
    with register_then(connection, as_of=as_of, known=known):
        clocks = durations.Clocks(policies)
        judged = agreement.spans(connection, clocks, as_of)
        decisions = {
            "within_agreement": judged,
            "time_to_decision": durations.spans(connection, "time_to_decision", clocks),
        }
        return Facts(
            as_of=as_of,
            known=known,
            kpis=kpis_then(connection, clocks, as_of=as_of),
            histories=histories(connection, layout(as_of), as_of=as_of, decisions=decisions),
            lists={name: _rows(connection, name, as_of) for name in LISTS},
            overdue=_overdue(connection, judged, as_of),
            broken=broken_blocks(connection),
            seal=last_seal(connection, known),
        )


def knowledge(connection: Connection, as_of: datetime) -> datetime:
    """Return the instant whose knowledge a pack of `as_of` uses where nobody names one.

    It is `as_of` itself, so that a rebuild ignores what was learnt later. A register that began later knew
    nothing then; its pack is written with hindsight, with all that is known now.
    """
    row = run(connection, "kpis/pack/knowledge.sql", {}).one()
    return as_of if row.first is None or row.first <= as_of else row.last


def _rows(connection: Connection, name: str, as_of: datetime) -> Rows:
    return [dict(row) for row in run(connection, f"kpis/pack/{name}.sql", {"as_of": as_of}).mappings()]


def _overdue(connection: Connection, judged: pd.DataFrame, as_of: datetime) -> Rows:
    late = judged[(judged["clock"] == "decision") & (judged["outcome"] == "running late")]
    over = dict(zip(late["request_number"], late["hours"] - late["agreed"], strict=True))
    rows = [
        {**row, "over": float(over[row["request_number"]])}
        for row in _rows(connection, "undecided", as_of)
        if row["request_number"] in over
    ]
    return sorted(rows, key=lambda row: (-row["over"], row["request_number"]))
