"""An exception whose scope grew since it was approved, and the organization as it was a while before."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from governance.sandbox.scenario import people, registers
from governance.sandbox.scenario.exceptions import midnight
from governance.sandbox.scenario.model import NOW, YAML, ExceptionEntry, Planted
from governance.sandbox.scenario.organization import HOME
from governance.sandbox.world import World

THEN = datetime(2026, 11, 1, 8, tzinfo=UTC)
"""An instant before NOW at which the organization was observed: Organizations and AWS Config, no more."""

_KEY = "EXR-951"
_ACCOUNT, _TYPE, _OLD = "100000000031", "AWS::S3::Bucket", 4
"""In this account were so many buckets, the first by name; the others were made since."""
_SCOPE: dict[str, Any] = {"account": [_ACCOUNT], "region": [HOME], "rule": ["s3-bucket-*"]}


def build(world: World) -> tuple[dict[str, str], list[Planted]]:
    """Return the file of the register by name, and what is planted."""
    start, until = midnight(NOW, -60), midnight(NOW, 120)
    target = f"account/{_ACCOUNT}"
    title = "The archive of the ledger keeps its old buckets until it has moved"
    decided = start - timedelta(days=3, hours=-10)
    entry = ExceptionEntry(
        label="scope-grew", title=title, reason="Four buckets of the archive are moved one by one.",
        benefit="The month is closed in time.", risk="Old buckets are kept as they are until then.",
        risk_if_denied="The archive is moved in one weekend, without a way back.", category="waiver",
        risk_level="medium", requester="nora.lindqvist@example.com",
        approver=people.decider_of(target, scopes=json.dumps([_SCOPE])), status="approved", target=target,
        requested=decided - timedelta(days=6), decided=decided, updated=decided, valid_from=start,
        valid_until=until, scopes=[_SCOPE], control="The list of buckets is read every week",
    )  # fmt: skip
    now, then = (_in_scope(one) for one in (world, before(world)))
    why = f"its scope matches {now} items, and {then} a fortnight ago: buckets were made that nobody approved"
    planted = [
        Planted("scope-grew", title, "verdict", why, YAML, _KEY, verdict="SCOPE_DRIFT"),
        Planted("scope-grew-finding", title, "finding", why, YAML, _KEY, finding_type="SCOPE_DRIFT"),
    ]
    return {"archive.yaml": registers.text_of([registers.record_of(_KEY, entry, {})])}, planted


def before(world: World) -> World:
    """Return the organization at THEN: as it is, without what was made since; its evidence is of then."""
    rows = world.evaluations
    here = (rows["account"] == _ACCOUNT) & (rows["region"] == HOME) & (rows["resource_type"] == _TYPE)
    newer = sorted(rows.loc[here, "resource_id"].unique())[_OLD:]
    kept = rows[~(here & rows["resource_id"].isin(newer))]
    return replace(
        world,
        now=THEN,
        evaluations=_earlier(kept, "recorded_at").reset_index(drop=True),
        rule_status=_earlier(world.rule_status, "last_evaluated_at", "last_failed_at", "first_activated_at"),
        recorders=_earlier(world.recorders, "last_status_change_at"),
    )


def _earlier(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return a frame in which what was told after THEN had been told as long before it."""
    moved = {}
    for name in columns:
        times = frame[name]
        moved[name] = times.where(~(times > THEN), times - (NOW - THEN)).astype(times.dtype)
    return frame.assign(**moved)


def _in_scope(world: World) -> int:
    rows = world.evaluations
    here = (
        (rows["account"] == _ACCOUNT) & (rows["region"] == HOME) & rows["rule"].str.startswith("s3-bucket-")
    )
    return int(here.sum())
