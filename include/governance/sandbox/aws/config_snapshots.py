"""Configuration snapshots of a World, as files that AWS Config would have delivered.

One gzip file per account and region that has a recorder. What was captured after the delivery is not in it:
that is for the aggregator to tell. A recorder that stands still has delivered when it last worked.

https://docs.aws.amazon.com/config/latest/developerguide/example-s3-snapshot.html
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from governance.sandbox.aws.config_delivery import PREFIX
from governance.sandbox.aws.evaluations import Evaluations
from governance.sandbox.world import World

Row = dict[str, Any]

MINUTES_APART = 7
"""Places deliver one after the other, not all in one second."""


def files(world: World, evaluations: Evaluations | None = None) -> Iterator[tuple[str, bytes]]:
    """Yield key and content of the last snapshot of every place with a recorder, in the order of places."""
    known = evaluations or Evaluations(world)
    recorders: Any = world.recorders.sort_values(["account", "region"]).itertuples()
    for number, row in enumerate(recorders):
        is_well = row.recording and row.last_status.upper() != "FAILURE"
        at = world.delivered_at if is_well else row.last_status_change_at.to_pydatetime()
        at -= timedelta(seconds=number % (MINUTES_APART * 60))
        yield key_of(row.account, row.region, at), content(known, row.account, row.region, at)


def key_of(account: str, region: str, at: datetime) -> str:
    """Return the key of a snapshot: its date is not padded with zeros, the time in its name is.

    https://docs.aws.amazon.com/config/latest/developerguide/view-manage-resource.html
    """
    name = f"{account}_Config_{region}_ConfigSnapshot_{at:%Y%m%dT%H%M%SZ}_{_id(account, region, at)}.json.gz"
    day = f"{at.year}/{at.month}/{at.day}"
    return f"{PREFIX}/AWSLogs/{account}/Config/{region}/{day}/ConfigSnapshot/{name}"


def content(evaluations: Evaluations, account: str, region: str, at: datetime) -> bytes:
    """Return the snapshot of a place at an instant, the same bytes for the same place and instant."""
    moment = at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    told = [
        item
        for item in (*evaluations.resources(account), *evaluations.items(account))
        if item["awsRegion"] in (region, "global") and item["configurationItemCaptureTime"] <= moment
    ]
    snapshot = {
        "fileVersion": "1.0",
        "configSnapshotId": _id(account, region, at),
        "configurationItems": [_delivered(item) for item in told],
    }
    return gzip.compress(json.dumps(snapshot, separators=(",", ":")).encode(), compresslevel=6, mtime=0)


def _delivered(item: Row) -> Row:
    """An item as it is in files: the account has another name, `configuration` and `tags` are objects."""
    return {
        "relatedEvents": [],
        "relationships": [],
        "configuration": item["configuration"],
        "supplementaryConfiguration": {},
        "tags": {tag["key"]: tag["value"] for tag in item.get("tags", ())},
        "configurationItemVersion": item["version"],
        "configurationItemCaptureTime": item["configurationItemCaptureTime"],
        "configurationStateId": 1,
        "awsAccountId": item["accountId"],
        "configurationItemStatus": item["configurationItemStatus"],
        "resourceType": item["resourceType"],
        "resourceId": item["resourceId"],
        "awsRegion": item["awsRegion"],
        "configurationStateMd5Hash": "",
    }


def _id(account: str, region: str, at: datetime) -> str:
    return str(UUID(sha256(f"{account}/{region}/{at.isoformat()}".encode()).hexdigest()[:32]))
