"""Configuration snapshots as AWS Config delivers them: the full state of one account and region, in one file.

    [prefix/]AWSLogs/ACCOUNT/Config/REGION/2026/1/7/ConfigSnapshot/
        ACCOUNT_Config_REGION_ConfigSnapshot_20260107T094502Z_ID.json.gz

The date in the key is not padded with zeros, the one in the name is. Compliance is among the items, as
resources of the type AWS::Config::ResourceCompliance, where the recorder records that type.

https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html
https://docs.aws.amazon.com/config/latest/developerguide/example-s3-snapshot.html
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from governance.errors import SourceUnavailableError
from governance.observation.calls import in_words
from governance.observation.items import COMPLIANCE_TYPE, Item, Place, Resource, Tagged, item_of, tags_of
from governance.observation.listings import Size
from governance.observation.paging import Row, instant
from governance.observation.snapshot import REFUSED, Status

_NAME = re.compile(r"_ConfigSnapshot_(\d{8}T\d{6})Z_[^/]+\.json(?:\.gz)?$")
_GONE = ("ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded")
LOOK_BACK = timedelta(days=2)
"""A place without a snapshot for longer has none: `now` less this and the day before are looked at."""


def calls(size: Size) -> dict[str, int]:
    """Return the requests that the deliveries of `size.deliveries` places take: a file each, on most days."""
    return {"ListObjectsV2": 2 * size.deliveries, "GetObject": size.deliveries}


class Store(Protocol):
    """Where the files are."""

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with a prefix, in order."""

    def read(self, key: str) -> bytes:
        """Return the bytes of one file."""


@dataclass(frozen=True)
class Folder:
    """Files that were copied to a folder, with the keys of the bucket as paths."""

    root: Path

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with a prefix, in order."""
        files = (self.root / prefix).glob("*")
        return sorted(str(file.relative_to(self.root)) for file in files if file.is_file())

    def read(self, key: str) -> bytes:
        """Return the bytes of one file."""
        return (self.root / key).read_bytes()


@dataclass(frozen=True)
class Bucket:
    """The delivery bucket itself; `prefix` is that of the delivery channel, without a slash at its end."""

    client: Any
    bucket: str
    prefix: str = ""

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with a prefix, in order."""
        pages = self.client.get_paginator("list_objects_v2")
        whole = f"{self.prefix}/{prefix}" if self.prefix else prefix
        return sorted(
            one["Key"]
            for page in pages.paginate(Bucket=self.bucket, Prefix=whole)
            for one in page.get("Contents", ())
        )

    def read(self, key: str) -> bytes:
        """Return the bytes of one file."""
        content: bytes = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return content


@dataclass(frozen=True)
class Delivered:
    """The newest snapshot of one place that could be read.

    `at` is its instant, None where there is none; `status` COMPLETE: whole and not older than allowed, STALE:
    older, PARTIAL: a newer one is broken or this one holds items that cannot be read, FAILED: there is none.
    """

    place: Place
    status: Status
    at: datetime | None = None
    key: str | None = None
    message: str | None = None
    items: tuple[Item, ...] = ()
    tags: Mapping[Resource, Tagged] = field(default_factory=dict)
    is_whole: bool = False
    has_all_tags: bool = False

    def is_usable(self, since: datetime) -> bool:
        """Tell whether it shows all evaluations as of an instant that is not before `since`."""
        return self.is_whole and self.at is not None and self.at >= since


class _BrokenError(Exception):
    """A file that is no snapshot."""


def store_at(location: str, client: Any = None) -> Store:
    """Return the store of a folder or of `s3://bucket/prefix`; `client` is one of S3, for the latter."""
    if not location.startswith("s3://"):
        return Folder(Path(location))
    bucket, _, prefix = location.removeprefix("s3://").rstrip("/").partition("/")
    return Bucket(client, bucket, prefix)


def latest(
    store: Store, place: Place, *, now: datetime, max_age: timedelta, creators: Mapping[str, str | None]
) -> Delivered:
    """Return the newest snapshot of a place up to `now`; where it is broken, the one before it.

    Raises SourceUnavailableError where the bucket cannot be reached; what it refuses is FAILED.
    """
    broken: list[str] = []
    try:
        for at, keys in _snapshots(store, place, now):
            try:
                found = _read(store, place, at, keys, creators)
            except _BrokenError as error:
                broken.append(str(error))
                continue
            return _judged(found, broken, oldest=now - max_age)
    except ClientError as error:
        return Delivered(place, "FAILED", message=f"{REFUSED}{in_words(error)}")
    except (BotoCoreError, OSError) as error:
        raise SourceUnavailableError(f"deliveries cannot be read: {str(error).splitlines()[0]}") from error
    if broken:
        return Delivered(place, "PARTIAL", message="; ".join(broken)[:500])
    since = (now - LOOK_BACK).date()
    return Delivered(place, "FAILED", message=f"no configuration snapshot was delivered since {since}")


def _snapshots(store: Store, place: Place, now: datetime) -> Iterator[tuple[datetime, list[str]]]:
    """Yield instant and keys of the snapshots of a place, newest first."""
    account, region = place
    day = now.astimezone(UTC).date()
    while day >= (now - LOOK_BACK).date():
        prefix = f"AWSLogs/{account}/Config/{region}/{day.year}/{day.month}/{day.day}/ConfigSnapshot/"
        dated = [
            (datetime.strptime(name[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC), key)
            for key in store.keys(prefix)
            if (name := _NAME.search(key))
        ]
        dated = sorted((one for one in dated if one[0] <= now), reverse=True)
        for at, group in groupby(dated, key=lambda one: one[0]):
            yield at, sorted(key for _, key in group)
        day -= timedelta(days=1)


def _read(
    store: Store, place: Place, at: datetime, keys: list[str], creators: Mapping[str, str | None]
) -> Delivered:
    items: dict[Resource, Item] = {}
    tags: dict[Resource, Tagged] = {}
    strange: list[str] = []
    for key in keys:
        for number, told in enumerate(_configuration_items(store.read(key), key)):
            try:
                _take(told, place, creators, items, tags)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                strange.append(f"{key}: item {number}: {error!r}"[:300])
    words = None
    if strange:
        words = f"{len(strange)} item(s) cannot be read, first {strange[0]}"
    elif not items:
        words = f"{keys[0]}: no compliance in it: does the recorder record {COMPLIANCE_TYPE}?"
    status: Status = "PARTIAL" if words else "COMPLETE"
    return Delivered(
        place, status, at, keys[0], words, tuple(items.values()), tags,
        is_whole=words is None, has_all_tags=not strange,
    )  # fmt: skip


def _configuration_items(content: bytes, key: str) -> list[Row]:
    try:
        text = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        found = json.loads(text)["configurationItems"]
    except (EOFError, OSError, zlib.error) as error:
        raise _BrokenError(f"{key}: the gzip file is cut off or damaged ({error})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _BrokenError(f"{key}: no configuration snapshot ({error!r:.120})") from error
    if not isinstance(found, list):
        raise _BrokenError(f"{key}: no configuration snapshot (configurationItems is no list)")
    return found


def _take(
    told: Row,
    place: Place,
    creators: Mapping[str, str | None],
    items: dict[Resource, Item],
    tags: dict[Resource, Tagged],
) -> None:
    """Keep what an item says. A global resource names the region `global`: it counts where it was recorded.

    The account is `awsAccountId` in files of today and `accountId` in older ones.
    """
    account = told.get("awsAccountId") or told["accountId"]
    if account != place[0]:
        raise ValueError(f"of account {account}")
    if told.get("configurationItemStatus") in _GONE:
        return
    if told["resourceType"] == COMPLIANCE_TYPE:
        item = item_of(told, place, creators)
        items[item.resource] = item
    else:
        captured = instant(told.get("configurationItemCaptureTime"))
        resource = (*place, str(told["resourceType"]), str(told["resourceId"]))
        tags[resource] = Tagged(tags_of(told.get("tags")), captured)


def _judged(found: Delivered, broken: list[str], oldest: datetime) -> Delivered:
    """Name what was broken; tell where the snapshot that was read is older than allowed."""
    words = [*broken, *([found.message] if found.message else [])]
    status: Status = "PARTIAL" if words else found.status
    if found.at is not None and found.at < oldest:
        status = "STALE"
        words.append(f"the last whole snapshot is of {found.at:%Y-%m-%dT%H:%MZ}")
    elif broken:
        words.append(f"the one of {found.at:%Y-%m-%dT%H:%MZ} was read instead")
    return replace(found, status=status, message="; ".join(words)[:500] or None)
