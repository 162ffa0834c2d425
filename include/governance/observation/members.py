"""What only a member account tells: its recorder and delivery channel, its remediations and their exceptions.

Visited are places that the policy names (`members` of observation.yaml): by default those whose aggregator
source is not well, to learn why. What an account refuses is FAILED for that account and region alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3

from governance.observation import config_exceptions
from governance.observation.approach import Approach
from governance.observation.config_exceptions import (
    DELIVERY_CHANNELS,
    RECORDERS,
    REMEDIATION_EXCEPTIONS,
    REMEDIATIONS,
)
from governance.observation.datasets import ACCOUNTS, AGGREGATOR_SOURCES, RULES, Dataset
from governance.observation.items import Place
from governance.observation.listings import Size, pages
from governance.observation.member_sessions import MemberSessions
from governance.observation.paging import Row
from governance.observation.rates import MemberPolicy
from governance.observation.snapshot import REFUSED, Evidence, Snapshot, drain
from governance.register.patterns import matches

Rows = Callable[[Any], Iterator[Row]]
HEALTH: dict[Dataset, Rows] = {
    RECORDERS: config_exceptions.recorders,
    DELIVERY_CHANNELS: config_exceptions.delivery_channels,
}
REMEDIATION: dict[Dataset, Rows] = {
    REMEDIATIONS: config_exceptions.remediations,
    REMEDIATION_EXCEPTIONS: config_exceptions.remediation_exceptions,
}


@dataclass(frozen=True)
class Visit:
    """One account and region, and what it is asked there."""

    place: Place
    asked: tuple[Dataset, ...]


@dataclass(frozen=True)
class Tour:
    """Part `shard` (from 0) of `of` parts of the accounts that are visited, each with all its regions."""

    shard: int
    of: int

    @property
    def part(self) -> str:
        """Name of its files, without the suffix."""
        return f"members-{self.shard:04d}-of-{self.of:04d}"


def calls(size: Size) -> dict[str, int]:
    """Return the calls that the visits of `size.visits` and `size.remediation_visits` places take at most."""
    asked = pages(size.rules, config_exceptions.RULES_PAGE) if size.remediation_visits else 0
    return {
        "sts:GetCallerIdentity": int(bool(size.visits or size.remediation_visits)),
        "sts:AssumeRole": min(size.accounts, size.visits + size.remediation_visits),
        "config:DescribeConfigurationRecorderStatus": size.visits,
        "config:DescribeDeliveryChannels": size.visits,
        "config:DescribeDeliveryChannelStatus": size.visits,
        "config:DescribeConfigRules": 2 * asked * size.remediation_visits,
        "config:DescribeRemediationConfigurations": 2 * asked * size.remediation_visits,
        "config:DescribeRemediationExceptions": size.remediations * size.remediation_visits,
    }


def visits(snapshot: Snapshot, policy: MemberPolicy) -> list[Visit]:
    """Return the places to visit, in order; the hub's home region is told by the hub's own listings."""
    if not policy.role:
        return []
    accounts = snapshot.read(ACCOUNTS)
    active = set(accounts[accounts.state == "ACTIVE"].account)
    sources = snapshot.read(AGGREGATOR_SOURCES)
    well = {(row.account, row.region) for row in sources.itertuples() if row.status == "SUCCEEDED"}
    home = _home(snapshot)
    found = []
    for account in sorted(active):
        excepts = any(matches(pattern, account) for pattern in policy.remediations)
        for region in sorted(set(sources.region)):
            place = (account, region)
            is_asked = policy.recorders == "all" or (policy.recorders == "unhealthy" and place not in well)
            asked = [*(HEALTH if is_asked else ()), *(REMEDIATION if excepts else ())]
            if asked and place != home:
                found.append(Visit(place, tuple(asked)))
    return found


def _home(snapshot: Snapshot) -> Place | None:
    """Return where the hub is, as its rules tell."""
    rules = snapshot.read(RULES)
    return (rules.account.iloc[0], rules.region.iloc[0]) if len(rules) else None


def plan(snapshot: Snapshot, policy: MemberPolicy, shards: int) -> list[Tour]:
    """Cut the accounts to visit into at most `shards` tours, at least one; the same cut every time."""
    paths = snapshot.manifest(RECORDERS).path.dropna()
    cut = paths[paths.str.contains("/members-")]
    if not cut.empty:
        shards = int(cut.iloc[0].removesuffix(".parquet").rpartition("-")[2])
    else:
        shards = max(1, min(shards, len({visit.place[0] for visit in visits(snapshot, policy)})))
    return [Tour(number, shards) for number in range(shards)]


def observe(snapshot: Snapshot, session: boto3.Session, tour: Tour, approach: Approach) -> None:
    """Visit the accounts of one tour; what is complete is neither asked nor written again."""
    policy = approach.policy.members
    here = _visits_of(visits(snapshot, policy), tour)
    if not here or _is_collected(snapshot, here):
        return
    traffic = approach.calls()
    sessions = MemberSessions(session, policy, traffic, approach.client_config)
    rows: dict[Dataset, list[Row]] = {}
    found: list[tuple[Dataset, Evidence]] = []
    for visit in here:
        for dataset in visit.asked:
            came, refusal = _ask(sessions, visit.place, dataset)
            rows.setdefault(dataset, []).extend(came)
            found.append((dataset, _evidence(snapshot, visit.place, dataset, came, refusal)))
    written = {dataset: snapshot.write(dataset, tour.part, told) for dataset, told in rows.items()}
    dataset, first = found[0]
    found[0] = (
        dataset,
        replace(first, calls=traffic.calls, throttles=traffic.throttles, seconds=traffic.seconds),
    )
    snapshot.record(
        replace(row, path=written[dataset][0], sha256=written[dataset][1]) if row.status != "FAILED" else row
        for dataset, row in found
    )


def _visits_of(found: list[Visit], tour: Tour) -> list[Visit]:
    accounts = sorted({visit.place[0] for visit in found})
    begin, end = (len(accounts) * edge // tour.of for edge in (tour.shard, tour.shard + 1))
    mine = set(accounts[begin:end])
    return [visit for visit in found if visit.place[0] in mine]


def _is_collected(snapshot: Snapshot, here: list[Visit]) -> bool:
    for dataset in (*HEALTH, *REMEDIATION):
        manifest = snapshot.manifest(dataset)
        columns = manifest[["account", "region", "message"]].fillna("").itertuples(index=False, name=None)
        told = {(account, region): str(message) for account, region, message in columns}
        wanted = [visit.place for visit in here if dataset in visit.asked]
        if any(place not in told or told[place].startswith(REFUSED) for place in wanted):
            return False
    return True


def _ask(sessions: MemberSessions, place: Place, dataset: Dataset) -> tuple[list[Row], str | None]:
    """Return what a place told, and in words why it is not all."""

    def rows() -> Iterator[Row]:
        client = sessions.client("config", *place)
        for row in (HEALTH | REMEDIATION)[dataset](client):
            yield row | {"account": place[0]}

    return drain(rows())


def _evidence(
    snapshot: Snapshot, place: Place, dataset: Dataset, came: list[Row], refusal: str | None
) -> Evidence:
    row = Evidence("config", dataset.name, *place, row_count=len(came), evidence_at=snapshot.as_of)
    if refusal:
        return replace(row, status="PARTIAL" if came else "FAILED", message=f"{REFUSED}{refusal}")
    if dataset is RECORDERS:
        return _of_recorder(row, came)
    return row


def _of_recorder(row: Evidence, came: list[Row]) -> Evidence:
    """A recorder that is off or fails is why nothing new is heard from there: said, not only stored."""
    if not came:
        return replace(row, message="no configuration recorder: AWS Config is not set up here")
    for recorder in came:
        if not recorder["recording"]:
            since = f" since {recorder['changed_at']:%Y-%m-%dT%H:%MZ}" if recorder["changed_at"] else ""
            return replace(row, message=f"recorder {recorder['recorder']} is stopped{since}")
        if str(recorder["status"]).upper() == "FAILURE":
            words = recorder["error"] or "no reason given"
            return replace(row, message=f"recorder {recorder['recorder']} fails: {words}")
    return row
