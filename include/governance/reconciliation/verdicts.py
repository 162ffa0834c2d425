"""One verdict per live exception, with the reason in one sentence and the evidence behind it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import duckdb
import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from governance.reconciliation import engine, frames
from governance.reconciliation.exceptions import Approved, LiveException

COLUMNS = (
    "request_number", "request_id", "verdict", "flags", "covered", "won", "matched", "why", "evidence",
)  # fmt: skip
"""Columns of the frame of verdicts, by request number. `flags` is a sorted tuple, `evidence` JSON text."""


def judge(
    connection: duckdb.DuckDBPyConnection, exceptions: list[LiveException], facts: pa.Table, snapshot_id: str
) -> pd.DataFrame:
    """Return the verdict on every exception (columns: COLUMNS). `facts` as `facts.facts` gives them."""
    connection.register("fact", facts)
    verdicts = engine.answer(connection, "verdicts").verdict.tolist()
    connection.unregister("fact")
    fact = frames.row_type(tuple(facts.column_names))
    told = map(fact._make, zip(*(column.to_pylist() for column in facts.columns), strict=True))
    rows = [
        _row(exception, verdict, fact, snapshot_id)
        for exception, verdict, fact in zip(exceptions, verdicts, told, strict=True)
    ]
    columns = zip(*rows, strict=True) if rows else ((),) * len(COLUMNS)
    return pd.DataFrame(
        {
            name: np.array(values, dtype="int64") if name in _COUNTED else list(values)
            for name, values in zip(COLUMNS, columns, strict=True)
        }
    )


_COUNTED = ("request_number", "covered", "won", "matched")


class _Approved(msgspec.Struct, gc=False):
    """What an exception matched when it was approved, as evidence."""

    matched: int
    snapshot: str
    tolerated: int

    @staticmethod
    def by(one: Approved | None) -> _Approved | msgspec.UnsetType:
        """Return it as evidence; UNSET: nobody knows."""
        return _Approved(one.matched, one.snapshot_id, one.most) if one else msgspec.UNSET


class _Evidence(msgspec.Struct, gc=False, kw_only=True):
    """What a verdict rests on: JSON with its names in order."""

    approved: _Approved | msgspec.UnsetType = msgspec.UNSET
    assessed: int
    covered: int
    drift: str | None
    gap: str | None
    matched: int
    rule_of_decision: str
    snapshot: str
    stale: int
    won: int


def _row(exception: LiveException, verdict: str, fact: Any, snapshot_id: str) -> tuple[Any, ...]:
    flags = exception.flags
    if fact.gap is not None and verdict in ("COVERED", "EXPIRED_BUT_NONCOMPLIANT"):
        flags = tuple(sorted({*flags, "PARTIAL_EVIDENCE"}))
    evidence = _Evidence(
        approved=_Approved.by(exception.approved),
        assessed=fact.assessed,
        covered=fact.covered,
        drift=fact.drift,
        gap=fact.gap,
        matched=fact.matched,
        rule_of_decision=verdict,
        snapshot=snapshot_id,
        stale=fact.stale,
        won=fact.won,
    )
    return (
        exception.number,
        exception.request_id,
        verdict,
        flags,
        fact.covered,
        fact.won,
        fact.matched,
        _WORDS[verdict](exception, fact),
        msgspec.json.encode(evidence).decode(),
    )


@lru_cache(2**16)
def items(count: int) -> str:
    """Return a count in words.

    >>> items(1), items(1200)
    ('1 non-compliant item', '1,200 non-compliant items')
    """
    return f"{count:,} non-compliant item{'' if count == 1 else 's'}"


@lru_cache(2**16)
def _day(instant: Any) -> str:
    day: str = instant.date().isoformat()
    return day


_WORDS: dict[str, Callable[[LiveException, Any], str]] = {
    "INVALID": lambda _, f: f"It cannot be applied: {f.problem}.",
    "ORPHANED_ACCOUNT": lambda _, f: f"The account it was given for is closed or gone: {f.subject}.",
    "SUSPENDED_HOLD": lambda _, f: f"Account {f.subject} is suspended; nothing is decided until it is not.",
    "AMBIGUOUS_RULE": lambda _, f: (
        f"Several rules go by the name {f.ambiguous}: "
        "write creator/name, or customer/name for one of your own."
    ),
    "ORPHANED_RULE": lambda _, f: f"The rule it was given for does not exist any more: {f.subject}.",
    "ORPHANED_RESOURCE": lambda _, f: f"The resource it was given for does not exist any more: {f.subject}.",
    "UNKNOWN": lambda _, f: (
        f"Evidence is missing: {f.gap}." if f.gap else "Nothing in its scope was ever evaluated."
    ),
    "SCOPE_DRIFT": lambda _, f: f"Its scope is not the one approved any more: {f.drift}.",
    "NOT_YET_ACTIVE": lambda e, _: f"It begins on {_day(e.valid_from)}.",
    "EXPIRED_BUT_NONCOMPLIANT": lambda e, f: (
        f"It ended on {_day(e.valid_until)} and {items(f.covered)} in its scope remain."
    ),
    "EXPIRED_CLEAN": lambda e, _: f"It ended on {_day(e.valid_until)} and its scope is clean.",
    "COVERED": lambda e, f: f"It covers {items(f.covered)} until {_day(e.valid_until)}.",
    "STALE": lambda _, f: f"Nothing needed it in the last {f.stale_after} observations or more: close it.",
    "CLEAN": lambda _, f: (
        f"Nothing needs it now; after {f.stale_after} clean observations in a row it counts as stale."
    ),
}
