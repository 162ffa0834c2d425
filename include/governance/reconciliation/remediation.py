"""Exceptions from remediation: what the register approves, beside what AWS Config holds.

A remediation mends a non-compliant resource on its own, approved or not, unless AWS Config holds an exception
for that resource. So each fresh non-compliant evaluation of a rule with a remediation is compared: is it
approved, until when, and does AWS hold an exception for it? Places whose listings are not complete and fresh
are told apart: nothing is said about them.

https://docs.aws.amazon.com/config/latest/APIReference/API_PutRemediationExceptions.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from sqlalchemy import Connection

from governance.reconciliation import engine, frames, reading
from governance.reconciliation.engine import Matched
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException

KEY = ["account", "region", "rule", "resource_type", "resource_id"]
"""What one exception from remediation is about."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LISTED = ("config/remediations", "config/remediation_exceptions")
_REMEDIATIONS = ["account", "region", "rule", "created_by"]
_APPROVAL = ["approval", "request_number", "request_id", "ends"]
_HELD = ["message", "expires_at", "present", "linked"]


@dataclass(frozen=True)
class Compared:
    """One instant. `items` has a row per resource: KEY, and

    approval: approved, unapproved, uncertain (a global resource, approved in another region), or unseen (an
    exception is there, and no fresh non-compliant evaluation); request_number and request_id of the most
    specific approval, ends (its effective end, in UTC), linked (the service that made rule or remediation, so
    that AWS takes no exceptions for it, else None), present, message and expires_at of what is at AWS.

    `gaps` are places about which nothing is said, with the reason.
    """

    snapshot_id: str
    as_of: datetime
    items: pd.DataFrame
    gaps: list[tuple[str, str]]


def compare(
    connection: Connection,
    now: datetime,
    policies: Path,
    lake: str | None = None,
    memory: str = engine.MEMORY,
) -> Compared:
    """Compare register and newest snapshot at `now` (UTC). Raises GovernanceError where there is none."""
    with reading.opened(connection, now, policies, lake, memory) as told:
        matched = engine.match(told.database, told.known, told.live, told.policy)
        since = told.policy.evidence.config_since(now)
        return beside(told.database, matched, told.known, told.live, since)


def beside(
    database: duckdb.DuckDBPyConnection,
    matched: Matched,
    known: Evidence,
    live: list[LiveException],
    since: datetime,
) -> Compared:
    """Compare what is matched already in `database`; evidence before `since` is too old to count."""
    remediations, held, gaps = _listed(known, since)
    items = pd.DataFrame(columns=[*KEY, *_APPROVAL, *_HELD], dtype="object")
    if len(remediations) or len(held):
        engine.publish(database, matched)
        engine.store(database, "remediated", remediations[_REMEDIATIONS[:3]].astype("str"))
        found = engine.answer(database, "remediable")
        items = _beside(_items(found, live), held, _linked(remediations, matched))
    return Compared(known.snapshot_id, known.as_of, items, gaps)


def _listed(known: Evidence, since: datetime) -> tuple[pd.DataFrame, pd.DataFrame, list[tuple[str, str]]]:
    """Return remediations and their exceptions of the places where both are known, and the other places."""
    listings = {name: known.listing(name) for name in _LISTED}
    empty = {_LISTED[0]: _REMEDIATIONS, _LISTED[1]: [*KEY, "message", "expires_at"]}
    remediations, held = (
        listings[name] if len(listings[name]) else pd.DataFrame(columns=empty[name], dtype="object")
        for name in _LISTED
    )
    gaps = _not_fresh(known, remediations)
    for dataset in _LISTED:
        gaps |= gaps_of(known, dataset, since)
    told = sorted((f"{account} {region}", reason) for (account, region), reason in gaps.items())
    return _known_rows(remediations, gaps), _known_rows(held, gaps), told


def _not_fresh(known: Evidence, remediations: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return account, region -> why its evaluations are not known, of places that have a remediation."""
    places = known.places[~known.places.fresh]
    mended = set(zip(remediations.account, remediations.region, strict=True))
    return {
        (row.account, row.region): f"config/evaluations: {row.reason}"
        for row in frames.rows(places)
        if (row.account, row.region) in mended
    }


def gaps_of(known: Evidence, dataset: str, since: datetime) -> dict[tuple[str, str], str]:
    """Return account, region -> why the dataset is not known there; '*' stands for every one."""
    rows = known.told(dataset)
    if rows.empty:
        return {("*", "*"): f"{dataset} was not observed"}
    found = {}
    row: Any
    is_well = (rows.status == "COMPLETE") & (rows.evidence_at >= since) & rows.path.isin(list(known.files))
    for row in frames.rows(rows[~is_well]):
        if row.status != "COMPLETE":
            reason = f"{dataset} is {row.status}: {row.message or 'no reason given'}"
        elif row.path not in known.files:
            reason = f"{dataset}: its file is missing or changed"
        else:
            reason = f"{dataset}: evidence older than its limit"
        found[row.account, row.region] = reason
    return found


def _known_rows(rows: pd.DataFrame, gaps: dict[tuple[str, str], str]) -> pd.DataFrame:
    """Drop the rows of places where something is missing, and those whose account nobody told."""

    def is_known(account: Any, region: Any) -> bool:
        places = {(account, region), (account, "*"), ("*", region), ("*", "*")}
        return isinstance(account, str) and not places & gaps.keys()

    keep = [is_known(*place) for place in zip(rows.account, rows.region, strict=True)]
    return rows[pd.Series(keep, index=rows.index, dtype=bool)].reset_index(drop=True)


def _items(found: pd.DataFrame, live: list[LiveException]) -> pd.DataFrame:
    """Return KEY, approval, request_number, request_id, ends of the evaluations that were found."""
    rows = []
    row: Any
    for row in frames.rows(found):
        winner = None if pd.isna(row.exception) else live[int(row.exception)]
        approval = "approved" if winner else "uncertain" if row.active else "unapproved"
        rows.append((
            row.account, row.region, row.rule, row.resource_type, row.resource_id, approval,
            winner.number if winner else None, winner.request_id if winner else None,
            _end(row.ends, winner) if winner else None,
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=[*KEY, *_APPROVAL], dtype="object").drop_duplicates(KEY)


def _end(microseconds: Any, winner: LiveException) -> datetime | None:
    """Return the effective end; that of the winner alone where no other was worked out."""
    if pd.isna(microseconds):
        return winner.valid_until
    return _EPOCH + timedelta(microseconds=int(microseconds))


def _linked(remediations: pd.DataFrame, matched: Matched) -> pd.DataFrame:
    """Return account, region, rule, linked of remediations that a service made, or whose rule it made."""
    listed = matched.directory.evidence.rules
    met = [(rule, creator) for rule, creator, _ in matched.directory.deployed]
    known = [*met, *zip(listed.rule.tolist(), listed.creator.tolist(), strict=True)]
    creators = {rule: creator for rule, creator in known if isinstance(creator, str)}
    rows = [
        (row.account, row.region, row.rule, _text(row.created_by) or creators.get(row.rule) or None)
        for row in frames.rows(remediations)
    ]
    return pd.DataFrame(rows, columns=[*KEY[:3], "linked"], dtype="object").drop_duplicates(KEY[:3])


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _beside(items: pd.DataFrame, held: pd.DataFrame, linked: pd.DataFrame) -> pd.DataFrame:
    """Put what is approved beside what AWS holds, by KEY; missing values are None."""
    there = held.reindex(columns=[*KEY, "message", "expires_at"]).assign(present=True).astype("object")
    both = items.merge(there, how="outer", on=KEY).merge(linked, how="left", on=KEY[:3])
    both = both.astype("object").where(both.notna(), None)
    both["present"] = both.present.map(lambda value: value is True)
    both["approval"] = both.approval.map(lambda value: value or "unseen")
    return both.sort_values(KEY, ignore_index=True)
