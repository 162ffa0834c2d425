"""What a request would do if it were approved now: a look before the decision.

Of an exception the engine itself matches the scopes together with every live exception over the newest
snapshot, so what is shown is what reconciliation would find; additions and changes: `fulfilment_preview`.
Nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from sqlalchemy import Connection, text

from governance import resources
from governance.errors import GovernanceError
from governance.reconciliation import engine, facts, frames, fulfilment_preview, reading, verdicts
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.fulfilment_preview import FulfilmentPreview
from governance.reconciliation.planes import judge as planes


@dataclass(frozen=True)
class Group:
    """Non-compliant items of one account and rule in scope; `taken` are covered by others already.

    `unknown` are those whose evidence is not fresh.
    """

    account: str
    rule: str
    items: int
    taken: int
    unknown: int


@dataclass(frozen=True)
class Overlap:
    """A live exception that covers `items` of the non-compliant items already."""

    request_id: str
    valid_until: datetime | None
    items: int


@dataclass(frozen=True)
class Preview:
    """What the scope of a request matches in a snapshot.

    `matched` counts items in scope, compliant ones included; `non_compliant` those that an approval would
    cover; `taken` of them, those that others cover already; `unknown` non-compliant items without fresh
    evidence. `gaps` are (place, reason) where nothing fresh is known. `verdict` and `why` are what
    reconciliation would say, had the request been approved at `at`; `held` says of each exception that AWS
    holds already, in any plane, how it would stand beside the request.
    """

    request_id: str
    status: str
    at: datetime
    snapshot_id: str
    verdict: str
    flags: tuple[str, ...]
    why: str
    problem: str | None
    matched: int
    non_compliant: int
    taken: int
    unknown: int
    groups: list[Group]
    overlaps: list[Overlap]
    gaps: list[tuple[str, str]]
    held: list[str]


def preview(
    connection: Connection,
    request_id: str,
    at: datetime,
    policies: Path,
    lake: str | None = None,
    memory: str = engine.MEMORY,
) -> Preview | FulfilmentPreview:
    """Return what a request of any kind and status would be in the newest snapshot up to `at`.

    Raises GovernanceError where the request was not known then, or there is no snapshot.
    """
    request = _request(connection, request_id, at)
    if request.kind == "exception":
        return _of_exception(connection, request, at, policies, lake, memory)
    return fulfilment_preview.preview(connection, request, at, policies, lake)


def _of_exception(
    connection: Connection, request: Any, at: datetime, policies: Path, lake: str | None, memory: str
) -> Preview:
    number = request.request_number
    with reading.opened(connection, at, policies, lake, memory, also=number) as told:
        place = next(n for n, one in enumerate(told.live) if one.number == number)
        found = _look(told.database, told.known, told.live, place, planes.House(told.policy, at))
        snapshot_id = told.known.snapshot_id
    return Preview(
        request_id=request.request_id, status=request.status, at=at, snapshot_id=snapshot_id, **found
    )


def _request(connection: Connection, request_id: str, at: datetime) -> Any:
    question = text(resources.sql("reconciliation/story_request.sql"))
    row = connection.execute(question, {"request_id": request_id, "at": at}).one_or_none()
    if row is None:
        raise GovernanceError(
            f"{request_id} was not known at {at:%Y-%m-%dT%H:%MZ}: check the id, or a later --at"
        )
    return row


def _look(
    database: duckdb.DuckDBPyConnection,
    known: Evidence,
    live: list[LiveException],
    place: int,
    house: planes.House,
) -> dict[str, Any]:
    """Match all of `live` and return what concerns the exception at `place` of it."""
    matched = engine.match(database, known, live, house.policy, beside=place)
    engine.publish(database, matched)
    told = facts.facts(live, matched, {}, house.policy.stale_after_observations)
    found = planes.judge(database, matched, known, live, house)
    judged = planes.applied(verdicts.judge(database, live, told, known.snapshot_id), found)
    verdict = next(row for row in frames.rows(judged) if row.request_number == live[place].number)
    for question in ("preview_items", "preview_covered"):
        database.execute(resources.sql(f"reconciliation/{question}.sql"), {"exception": place})
    groups = _groups(engine.answer(database, "preview_groups"), matched.directory.kinds)
    gaps = database.execute(resources.sql("reconciliation/preview_gaps.sql"), {"exception": place}).df()
    (fact,) = told.slice(place, 1).to_pylist()
    return {
        "verdict": verdict.verdict,
        "flags": verdict.flags,
        "why": verdict.why,
        "problem": _problem(live[place], fact["ambiguous"]),
        "matched": int(fact["matched"]),
        "non_compliant": int(fact["covered"]),
        "taken": int(engine.answer(database, "preview_taken").taken.iloc[0]),
        "unknown": int(fact["stale"]),
        "groups": groups,
        "overlaps": [
            Overlap(live[row.exception].request_id, live[row.exception].valid_until, int(row.items))
            for row in frames.rows(engine.answer(database, "preview_overlaps"))
        ],
        "gaps": _gaps(gaps, fact["gap"]),
        "held": [one.why for one in found.judged if one.request and one.request.number == live[place].number],
    }


def _groups(found: pd.DataFrame, kinds: list[Any]) -> list[Group]:
    """Add up per account and rule what was counted per account, rule and type; the most first."""
    named = found.assign(rule=[kinds[kind].identity.name for kind in found.kind])
    added = named.groupby(["account", "rule"], as_index=False)[["items", "taken", "unknown"]].sum()
    ordered = added.sort_values(["items", "account", "rule"], ascending=[False, True, True])
    return [
        Group(row.account, row.rule, int(row.items), int(row.taken), int(row.unknown))
        for row in frames.rows(ordered)
    ]


def _problem(one: LiveException, ambiguous: Any) -> str | None:
    """Say in words why the scope cannot be applied as it stands; None: it can."""
    if one.problem:
        return one.problem
    if isinstance(ambiguous, str):
        return f"several rules go by the name {ambiguous}: creator/name tells them apart"
    return None


def _gaps(places: pd.DataFrame, gap: Any) -> list[tuple[str, str]]:
    """List the places that are not fresh; and the gap that standing names, where it is another one."""
    told = [(f"{row.account} {row.region}", str(row.reason)) for row in frames.rows(places)]
    if isinstance(gap, str) and all(f"{place}: {reason}" != gap for place, reason in told):
        told.insert(0, ("scope", gap))
    return told
