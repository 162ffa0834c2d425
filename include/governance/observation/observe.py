"""Take one snapshot of AWS: the whole flow, and the pieces a scheduler maps over shards.

Idempotent for the snapshot id, which is `now`: what is complete is neither asked nor written again; what was
lost or refused is collected by running the same piece again, alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import boto3
from sqlalchemy import Engine, text

from governance import resources
from governance.observation import compliance, members
from governance.observation.approach import Approach
from governance.observation.index import write_index
from governance.observation.lake import Lake
from governance.observation.plan import LISTINGS, daily_listings
from governance.observation.rates import MemberPolicy
from governance.observation.snapshot import Snapshot, start_snapshot

__all__ = [
    "Approach",
    "Observed",
    "finish_snapshot",
    "gaps",
    "observe",
    "observe_config_shard",
    "observe_hub",
    "observe_members",
    "plan_shards",
    "plan_tours",
    "start_snapshot",
]


@dataclass(frozen=True)
class Observed:
    """What a finished snapshot holds. `gaps` counts manifest rows that are not COMPLETE."""

    snapshot_id: str
    status: str
    rows: int
    calls: int
    throttles: int
    seconds: float
    gaps: int


def observe(
    engine: Engine,
    session: boto3.Session,
    *,
    now: datetime,
    lake: str | Lake,
    shards: int = 4,
    approach: Approach | None = None,
) -> Observed:
    """Take the snapshot of `now`, shard after shard, and close it.

    `session` is one of the hub: the account and region that hold the organization's Config aggregator.
    Raises SourceUnavailableError where AWS cannot be reached; running again goes on from there.
    """
    how = approach or Approach()
    snapshot_id = start_snapshot(engine, now=now, lake=lake)
    observe_hub(engine, session, snapshot_id, lake=lake, approach=how)
    for shard in plan_shards(engine, snapshot_id, lake=lake, shards=shards):
        observe_config_shard(engine, session, snapshot_id, shard, lake=lake, approach=how)
    for tour in plan_tours(engine, snapshot_id, lake=lake, policy=how.policy.members, shards=shards):
        observe_members(engine, session, snapshot_id, tour, lake=lake, approach=how)
    return finish_snapshot(engine, snapshot_id, now=now, lake=lake)


def observe_hub(
    engine: Engine,
    session: boto3.Session,
    snapshot_id: str,
    *,
    lake: str | Lake,
    approach: Approach | None = None,
) -> None:
    """Collect Organizations, and from AWS Config in the hub: aggregator sources, rules, rule status."""
    how = approach or Approach()
    snapshot = Snapshot.open(engine, snapshot_id, lake)
    daily = daily_listings(how.policy)
    for listing in LISTINGS:
        if listing.name in daily and snapshot.take_over(listing.dataset):
            continue
        calls = how.calls()
        elsewhere = {"region_name": listing.region} if listing.region else {}
        client = calls.client(session, listing.service, how.client_config, **elsewhere)
        region = client.meta.region_name if listing.regional else "*"
        snapshot.listing(listing.dataset, calls, listing.rows(client), region)


def plan_shards(
    engine: Engine, snapshot_id: str, *, lake: str | Lake, shards: int = 4
) -> list[dict[str, int]]:
    """Cut the accounts that `observe_hub` found; each piece is an argument of `observe_config_shard`."""
    snapshot = Snapshot.open(engine, snapshot_id, lake)
    return [asdict(shard) for shard in compliance.plan(snapshot, shards)]


def observe_config_shard(
    engine: Engine,
    session: boto3.Session,
    snapshot_id: str,
    shard: dict[str, Any],
    *,
    lake: str | Lake,
    approach: Approach | None = None,
) -> None:
    """Collect evaluations and tags of one shard. Lost or refused, it is run again alone."""
    snapshot = Snapshot.open(engine, snapshot_id, lake)
    compliance.observe(snapshot, session, compliance.Shard(**shard), approach or Approach())


def plan_tours(
    engine: Engine, snapshot_id: str, *, lake: str | Lake, policy: MemberPolicy, shards: int = 4
) -> list[dict[str, int]]:
    """Cut the accounts to visit; each piece is an argument of `observe_members`. At least one."""
    snapshot = Snapshot.open(engine, snapshot_id, lake)
    return [asdict(tour) for tour in members.plan(snapshot, policy, shards)]


def observe_members(
    engine: Engine,
    session: boto3.Session,
    snapshot_id: str,
    tour: dict[str, Any],
    *,
    lake: str | Lake,
    approach: Approach | None = None,
) -> None:
    """Visit the accounts of one tour, through the role that the hub assumes. Lost, it is run again alone."""
    snapshot = Snapshot.open(engine, snapshot_id, lake)
    members.observe(snapshot, session, members.Tour(**tour), approach or Approach())


def finish_snapshot(
    engine: Engine, snapshot_id: str, *, now: datetime, lake: str | Lake | None = None
) -> Observed:
    """Close the snapshot: `complete` where anything was learnt, `failed` where nothing was.

    Before that, its evaluations get their index (`observation.index`). `lake` is where the snapshot is now,
    by default where it was started.
    """
    write_index(Snapshot.open(engine, snapshot_id, lake or _lake_of(engine, snapshot_id)))
    with engine.begin() as connection:
        row = connection.execute(
            text(resources.sql("observation/finish.sql")), {"id": snapshot_id, "now": now}
        ).one()
    return Observed(
        snapshot_id,
        row.status,
        int(row.rows),
        int(row.calls),
        int(row.throttles),
        round(float(row.seconds), 3),
        int(row.gaps),
    )


def _lake_of(engine: Engine, snapshot_id: str) -> str:
    with engine.connect() as connection:
        query = text("SELECT location FROM snapshot WHERE snapshot_id = :id")
        location = str(connection.scalar(query, {"id": snapshot_id}))
    return location.removesuffix(f"/snapshots/{snapshot_id}")


def gaps(engine: Engine, snapshot_id: str) -> list[dict[str, Any]]:
    """Return what the snapshot does not know: service, dataset, status, message, places, the first place."""
    with engine.connect() as connection:
        rows = connection.execute(text(resources.sql("observation/gaps.sql")), {"id": snapshot_id})
        return [dict(row) for row in rows.mappings()]
