"""Small worlds for additions and changes: what was asked for, and what the listings of a snapshot show."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from governance.reconciliation import additions, changes, engine, fulfilment_policy, listings
from governance.reconciliation.listings import Listings
from governance.reconciliation.requested import Addition, Change
from governance.register import thing as things

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
BEGAN = NOW - timedelta(days=14)
POLICY = fulfilment_policy.read(Path(__file__).resolve().parents[1] / "include/policies")

ROOT, PROD, PAYMENTS, DEV = "r-test", "ou-test-prod0001", "ou-test-pay00001", "ou-test-dev00001"
UNITS = [
    {"unit": ROOT, "name": "Root", "path": ""},
    {"unit": PROD, "name": "Prod", "parent": ROOT, "path": "Prod"},
    {"unit": PAYMENTS, "name": "Payments", "parent": PROD, "path": "Prod/Payments"},
    {"unit": DEV, "name": "Dev", "parent": ROOT, "path": "Dev"},
]
CHAIN = {PROD: f"{ROOT}/{PROD}", PAYMENTS: f"{ROOT}/{PROD}/{PAYMENTS}", DEV: f"{ROOT}/{DEV}", ROOT: ROOT}
HUB, SHOP, LEDGER, LAB = "100000000001", "100000000021", "100000000031", "100000000041"


def hours(number: float) -> datetime:
    """So many hours after NOW."""
    return NOW + timedelta(hours=number)


def seen(
    rows: dict[str, list[dict[str, Any]]], gaps: dict[str, str] | None = None, as_of: datetime = NOW
) -> Listings:
    """Return complete listings that show `rows`, by dataset, and the units; `gaps` says what is missing."""
    told = {"organizations/units": UNITS} | rows
    frames = {
        name: pd.DataFrame(told.get(name, [])).reindex(columns=list(columns))
        for name, columns in listings.COLUMNS.items()
    }
    normal = {name: listings.normalised(frame) for name, frame in frames.items()}
    return Listings("s", as_of, dict.fromkeys(listings.COLUMNS) | (gaps or {}), normal)


def addition(thing_type: str | None = None, **more: Any) -> Addition:
    """Return an approved addition, due tomorrow; what Addition does not know is its thing."""
    base = Addition(1, "ADD-000001", "A-1", "approved", "live", None, "medium", hours(-200), None, None,
                    thing_type, None, hours(24))  # fmt: skip
    own = {name: more.pop(name) for name in list(more) if name in vars(base) and name != "thing"}
    return replace(base, thing=things.read(thing_type, more) if thing_type else None, **own)


def change(**more: Any) -> Change:
    """Return an approved change with the runbook Restart on i-1 and i-2, in a window from 6 to 2 hours ago."""
    base = Change(1, "CHG-000001", "C-1", "approved", "live", None, "medium", hours(-200), None, None,
                  hours(-6), hours(-2), "Restart", ("i-1", "i-2"))  # fmt: skip
    return replace(base, **more)


def execution(**more: Any) -> dict[str, Any]:
    """Return an execution of Restart on i-1 and i-2 that succeeded well within that window."""
    targets = json.dumps(more.pop("targets", ["i-1", "i-2"]))
    return {"execution": "e-1", "document": "Restart", "status": "Success", "started_at": hours(-5),
            "ended_at": hours(-4), "by": "arn:aws:iam::1:user/ada", "targets": targets, "runbooks": "[]", **more}  # fmt: skip


RUNBOOKS = [{"document": "Restart", "status": "Active", "owner": HUB, "created_at": hours(-9000)},
            {"document": "Drain", "status": "Active", "owner": HUB, "created_at": hours(-9000)}]  # fmt: skip


def judged_additions(
    asked: list[Addition],
    shown: Listings,
    *,
    evaluated: list[tuple[str, str]] = (),  # type: ignore[assignment]
    earlier: Listings | None = None,
    began: datetime = BEGAN,
) -> additions.JudgedAdditions:
    """Judge additions at NOW. `evaluated`: (account, rule) pairs."""
    with engine.database() as connection:
        before = None
        if earlier is not None:
            listings.create(connection, earlier)
            before = additions.things_present(connection, earlier)
        listings.create(connection, shown)
        columns = {"account": "VARCHAR", "rule": "VARCHAR"}
        rows = pd.DataFrame(list(evaluated), columns=list(columns))
        listings.store(connection, "listed_evaluated", rows, columns)
        return additions.judge(connection, asked, shown, before, began, NOW)


def verdict_of(asked: Addition, shown: Listings, **more: Any) -> str:
    """Return the verdict on one addition."""
    [verdict] = judged_additions([asked], shown, **more).verdicts.verdict
    return str(verdict)


def judged_changes(asked: list[Change], shown: Listings, **policy: Any) -> changes.JudgedChanges:
    """Judge changes at NOW."""
    with engine.database() as connection:
        listings.create(connection, shown)
        return changes.judge(connection, asked, shown, POLICY.model_copy(update=policy), NOW)


def change_verdict(asked: Change, shown: Listings) -> str:
    """Return the verdict on one change."""
    [verdict] = judged_changes([asked], shown).verdicts.verdict
    return str(verdict)
