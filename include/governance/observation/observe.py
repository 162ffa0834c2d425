"""Take one snapshot of AWS: the whole flow, and the pieces a scheduler maps over shards.

Idempotent for the snapshot id, which is `now`: what is complete is neither asked nor written again; what was
lost or refused is collected by running the same piece again, alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from sqlalchemy import Engine, text

from governance import resources
from governance.observation import compliance
from governance.observation.calls import Calls
from governance.observation.index import write_index
from governance.observation.lake import Lake
from governance.observation.plan import LISTINGS
from governance.observation.rates import Pace
from governance.observation.snapshot import Snapshot, start_snapshot

__all__ = [
    "Observed",
    "finish_snapshot",
    "gaps",
    "observe",
    "observe_config_shard",
    "observe_hub",
    "plan_shards",
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
    client_config: Config | None = None,
    pace: Pace | None = None,
) -> Observed:
    """Take the snapshot of `now`, shard after shard, and close it.

    `session` is one of the hub: the account and region that hold the organization's Config aggregator.
    Raises SourceUnavailableError where AWS cannot be reached; running again goes on from there.
    """
    snapshot_id = start_snapshot(engine, now=now, lake=lake)
    observe_hub(engine, session, snapshot_id, lake=lake, client_config=client_config, pace=pace)
    for shard in plan_shards(engine, snapshot_id, lake=lake, shards=shards):
        observe_config_shard(
            engine, session, snapshot_id, shard, lake=lake, client_config=client_config, pace=pace
        )
    return finish_snapshot(engine, snapshot_id, now=now, lake=lake)


def observe_hub(
    engine: Engine,
    session: boto3.Session,
    snapshot_id: str,
    *,
    lake: str | Lake,
    client_config: Config | None = None,
    pace: Pace | None = None,
) -> None:
    """Collect Organizations, and from AWS Config in the hub: aggregator sources, rules, rule status."""
    snapshot = Snapshot.open(engine, snapshot_id, lake)
    for listing in LISTINGS:
        calls = Calls(pace)
        client = calls.client(session, listing.service, client_config)
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
    client_config: Config | None = None,
    pace: Pace | None = None,
) -> None:
    """Collect the evaluations of one shard. Lost or refused, it is run again alone."""
    snapshot = Snapshot.open(engine, snapshot_id, lake)
    compliance.observe(snapshot, session, compliance.Shard(**shard), config=client_config, pace=pace)


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
