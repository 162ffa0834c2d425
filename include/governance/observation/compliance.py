"""Evaluations and tags of every account and region, one shard of accounts at a time.

Two tellers: the configuration snapshots that AWS Config delivers to a bucket (the full state, once a day)
and the aggregator (what changed since, or everything where nothing was delivered). The newer of both wins,
resource by resource; the manifest says of each place as of when it is known, and why it is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import ClientError

from governance.errors import GovernanceError
from governance.observation import delivery, places
from governance.observation.aggregated import Aggregator, Answer
from governance.observation.approach import Approach
from governance.observation.calls import Calls, in_words
from governance.observation.config import aggregator_name
from governance.observation.datasets import (
    ACCOUNTS,
    AGGREGATOR_SOURCES,
    DELIVERIES,
    EVALUATIONS,
    ORGANIZATION_TAGS,
    RULES,
    TAG_SETS,
)
from governance.observation.delivery import Delivered
from governance.observation.items import Item, Place, Resource, Tagged, Tags, merged, newest
from governance.observation.snapshot import REFUSED, Snapshot
from governance.observation.tags import number_sets

MARGIN = timedelta(minutes=15)
"""So much before a delivery is asked again: what was captured while it was written is lost by neither."""
READERS = 8
"""Files of the delivery that one shard reads at the same time."""


@dataclass(frozen=True)
class Shard:
    """Part `shard` (from 0) of `of` parts of the accounts."""

    shard: int
    of: int

    @property
    def part(self) -> str:
        """Name of its file, without the suffix."""
        return f"part-{self.shard:04d}-of-{self.of:04d}"


@dataclass(frozen=True)
class Told:
    """What both tellers said about the accounts of a shard. `whole`: accounts asked for everything."""

    delivered: dict[Place, Delivered]
    evaluations: Answer
    tags: Answer
    whole: frozenset[str]
    usable_since: datetime


def plan(snapshot: Snapshot, shards: int) -> list[Shard]:
    """Cut the accounts of the snapshot into at most `shards` parts, the same cut every time.

    A snapshot that is partly collected keeps its first cut: another one would count accounts twice.
    """
    paths = snapshot.manifest(EVALUATIONS).path.dropna()
    if not paths.empty:
        shards = int(paths.iloc[0].removesuffix(".parquet").rpartition("-")[2])
    else:
        shards = max(1, min(shards, len(_known_accounts(snapshot))))
    return [Shard(number, shards) for number in range(shards)]


def _known_accounts(snapshot: Snapshot) -> list[str]:
    """Accounts that may have evaluations: active ones, and those the aggregator knows."""
    listed = snapshot.read(ACCOUNTS)
    active = set(listed[listed.state == "ACTIVE"].account)
    return sorted(active | set(snapshot.read(AGGREGATOR_SOURCES).account))


def accounts_of(snapshot: Snapshot, shard: Shard) -> list[str]:
    """Return the accounts of a shard: a run of neighbours, so that parts do not overlap."""
    accounts = _known_accounts(snapshot)
    begin, end = (len(accounts) * edge // shard.of for edge in (shard.shard, shard.shard + 1))
    return accounts[begin:end]


def observe(
    snapshot: Snapshot,
    session: boto3.Session,
    shard: Shard,
    approach: Approach,
    aggregator: str | None = None,
) -> None:
    """Collect the evaluations of one shard into one part; a part that is complete is kept as it is."""
    if shard not in plan(snapshot, shard.of):
        raise GovernanceError(f"snapshot {snapshot.snapshot_id} is not cut into {shard.of} shards")
    accounts = accounts_of(snapshot, shard)
    if not accounts or _is_collected(snapshot, accounts):
        return
    collection = _Collection(snapshot, session, approach, approach.calls())
    told = collection.ask(accounts, aggregator)
    _write(snapshot, shard, accounts, told, collection.traffic)


def _is_collected(snapshot: Snapshot, accounts: list[str]) -> bool:
    """Tell whether nothing about these accounts was refused. What the aggregator lacks is no refusal."""
    if not snapshot.manifest(EVALUATIONS).account.isin(accounts).any():
        return False
    for dataset in (EVALUATIONS, TAG_SETS, DELIVERIES):
        manifest = snapshot.manifest(dataset)
        rows = manifest[manifest.account.isin(accounts)]
        if rows.message.fillna("").str.startswith(REFUSED).any():
            return False
    return True


@dataclass(frozen=True)
class _Collection:
    """How the accounts of one shard are asked about."""

    snapshot: Snapshot
    session: boto3.Session
    approach: Approach
    traffic: Calls

    def ask(self, accounts: list[str], aggregator: str | None) -> Told:
        """Ask both tellers."""
        rules = self.snapshot.read(RULES)[["rule", "creator"]]
        creators: dict[str, str | None] = dict(rules.itertuples(index=False, name=None))
        since = self.snapshot.as_of - self._max_age
        delivered = self._delivered(accounts, creators)
        by_account: dict[str, list[Delivered]] = {}
        for one in delivered.values():
            by_account.setdefault(one.place[0], []).append(one)
        whole = [one for one in accounts if not _is_delivered(by_account.get(one, []), since)]
        client = self._client("config")
        evaluations, tags = Answer(), Answer()
        try:
            asked = Aggregator(client, aggregator_name(client, aggregator))
        except ClientError as error:
            everybody = dict.fromkeys(accounts, in_words(error))
            return Told(delivered, Answer(refusals=everybody), Answer(refusals=everybody),
                        frozenset(whole), since)  # fmt: skip
        for group, after in self._questions(accounts, whole, delivered):
            found = asked.evaluations(group, creators, after)
            _add(evaluations, found)
            _add(tags, Answer(refusals=found.refusals))  # of which resources to ask is not known either
            here = set(group)
            items = [*found.items, *(i for d in delivered.values() if d.place[0] in here for i in d.items)]
            _add(tags, asked.tags(group, {item.resource[2] for item in items}, after))
        return Told(delivered, evaluations, tags, frozenset(whole), since)

    def _client(self, service: str) -> Any:
        return self.traffic.client(self.session, service, self.approach.client_config)

    @property
    def _max_age(self) -> timedelta:
        return timedelta(hours=self.approach.policy.delivery.max_age_hours)

    def _delivered(self, accounts: list[str], creators: dict[str, str | None]) -> dict[Place, Delivered]:
        location = self.approach.deliveries
        if not location:
            return {}
        store = delivery.store_at(location, self._client("s3") if "://" in location else None)
        latest = partial(
            delivery.latest, store, now=self.snapshot.as_of, max_age=self._max_age, creators=creators
        )
        with ThreadPoolExecutor(READERS) as pool:
            return {found.place: found for found in pool.map(latest, self._sources(accounts))}

    def _sources(self, accounts: list[str]) -> list[Place]:
        """Places that the aggregator knows: Config is on there, so something should be delivered."""
        sources = self.snapshot.read(AGGREGATOR_SOURCES)
        mine = sources[sources.account.isin(accounts)]
        return sorted(mine[["account", "region"]].itertuples(index=False, name=None))

    @staticmethod
    def _questions(
        accounts: list[str], whole: list[str], delivered: dict[Place, Delivered]
    ) -> Iterator[tuple[list[str], datetime | None]]:
        if whole:
            yield whole, None
        rest = sorted(set(accounts) - set(whole))
        if rest:
            first = min(one.at for place, one in delivered.items() if place[0] in set(rest) and one.at)
            yield rest, first - MARGIN


def _is_delivered(here: list[Delivered], since: datetime) -> bool:
    """Tell whether every place of an account was delivered, so that only changes need be asked for."""
    return bool(here) and all(one.is_usable(since) for one in here)


def _add(answer: Answer, more: Answer) -> None:
    answer.items += more.items
    answer.tags.update(more.tags)
    answer.refusals.update(more.refusals)


def _write(snapshot: Snapshot, shard: Shard, accounts: list[str], told: Told, traffic: Calls) -> None:
    sources = snapshot.read(AGGREGATOR_SOURCES)
    known = places.Known(sources, told, are_listed=snapshot.is_known(AGGREGATOR_SOURCES))
    items = merged(
        _all_items(told), told.evaluations.items, by_first=known.delivered_whole, by_second=known.asked_whole
    )
    rows = [dict(row) for item in items for row in item.rows]
    sets = number_sets(rows, _all_tags(told), _account_tags(snapshot), shard.shard, shard.of)
    path, digest = snapshot.write(EVALUATIONS, shard.part, rows)
    first, *others = known.evaluations(accounts, rows)
    first = replace(first, calls=traffic.calls, throttles=traffic.throttles, seconds=traffic.seconds)
    found = [replace(row, path=path, sha256=digest) for row in (first, *others)]
    path, digest = snapshot.write(TAG_SETS, shard.part, sets)
    found += [replace(row, path=path, sha256=digest) for row in known.tags(accounts, rows)]
    if told.delivered:
        path, digest = snapshot.write(DELIVERIES, shard.part, known.delivery_rows())
        found += [replace(row, path=path, sha256=digest) for row in known.deliveries()]
    snapshot.record(found)


def _all_items(told: Told) -> Iterator[Item]:
    for one in told.delivered.values():
        yield from one.items


def _all_tags(told: Told) -> dict[Resource, Tagged]:
    delivered = {key: tagged for one in told.delivered.values() for key, tagged in one.tags.items()}
    return newest(delivered, told.tags.tags)


def _account_tags(snapshot: Snapshot) -> dict[str, Tags] | None:
    if not snapshot.is_known(ORGANIZATION_TAGS):
        return None
    found: dict[str, dict[str, str]] = {}
    rows: Any = snapshot.read(ORGANIZATION_TAGS)
    for row in rows[rows.kind == "account"].itertuples():
        found.setdefault(row.resource, {})[row.key] = row.value
    return {account: tuple(sorted(tags.items())) for account, tags in found.items()}
