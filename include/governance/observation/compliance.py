"""Evaluations of every account and region, from the aggregator's query, one shard of accounts at a time.

Config SQL matches across the elements of an array: a resource that one rule finds NON_COMPLIANT comes with
all its rules, so the compliance of each rule is read here, not filtered there. `configuration` may be a JSON
string or an object; a page may be empty and still carry a token.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pandas as pd
from botocore.config import Config

from governance.errors import GovernanceError
from governance.observation.calls import Calls
from governance.observation.config import aggregator_name, creator_of
from governance.observation.datasets import ACCOUNTS, AGGREGATOR_SOURCES, EVALUATIONS, RULES
from governance.observation.listings import Size, pages
from governance.observation.paging import Row, instant
from governance.observation.rates import Pace
from governance.observation.snapshot import Evidence, Snapshot, Status, drain

ACCOUNTS_PER_QUERY = 150
"""A query of AWS Config holds at most 4,096 characters."""

QUERY = (
    "SELECT accountId, awsRegion, configuration.targetResourceType, configuration.targetResourceId, "
    "configuration.configRuleList, configurationItemCaptureTime "
    "WHERE resourceType = 'AWS::Config::ResourceCompliance' "
    "AND configuration.complianceType IN ('COMPLIANT', 'NON_COMPLIANT') AND accountId IN ({accounts})"
)

RULES_PER_RESOURCE = 5
"""For counting calls ahead: about so many rules judge one resource."""

Place = tuple[str, str]


@dataclass(frozen=True)
class Shard:
    """Part `shard` (from 0) of `of` parts of the accounts."""

    shard: int
    of: int

    @property
    def part(self) -> str:
        """Name of its file, without the suffix."""
        return f"part-{self.shard:04d}-of-{self.of:04d}"


def calls(size: Size) -> dict[str, int]:
    """Return the calls per operation that the evaluations of an organization take, all shards together.

    A query returns resources, each with all its rules; `size.results` counts a resource once per rule.
    """
    groups = pages(size.accounts, ACCOUNTS_PER_QUERY)
    resources = size.results // max(1, min(size.rules, RULES_PER_RESOURCE))
    return {
        "DescribeConfigurationAggregators": groups,
        "SelectAggregateResourceConfig": groups + pages(resources, 100),
    }


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
    aggregator: str | None = None,
    config: Config | None = None,
    pace: Pace | None = None,
) -> None:
    """Collect the evaluations of one shard into one part; a part that is complete is kept as it is."""
    if shard not in plan(snapshot, shard.of):
        raise GovernanceError(f"snapshot {snapshot.snapshot_id} is not cut into {shard.of} shards")
    accounts = accounts_of(snapshot, shard)
    if not accounts or _is_collected(snapshot, accounts):
        return
    traffic = Calls(pace)
    client = traffic.client(session, "config", config)
    rows, refusals = _collect(snapshot, client, accounts, aggregator)
    path, digest = snapshot.write(EVALUATIONS, shard.part, rows)
    first, *others = _evidence(snapshot, accounts, rows, refusals)
    first = replace(first, calls=traffic.calls, throttles=traffic.throttles, seconds=traffic.seconds)
    snapshot.record(replace(row, path=path, sha256=digest) for row in (first, *others))


def _is_collected(snapshot: Snapshot, accounts: list[str]) -> bool:
    """Tell whether no query of these accounts was refused. What the aggregator lacks is no refusal."""
    manifest = snapshot.manifest(EVALUATIONS)
    rows = manifest[manifest.account.isin(accounts)]
    refused = rows.message.fillna("").str.startswith(_REFUSED)
    return not rows.empty and not refused.any()


def _collect(
    snapshot: Snapshot, client: Any, accounts: list[str], aggregator: str | None
) -> tuple[list[Row], dict[str, str]]:
    """Return the evaluations that came, and in words per account why they are not all."""
    creators = dict(snapshot.read(RULES)[["rule", "creator"]].itertuples(index=False, name=None))
    rows: list[Row] = []
    refusals: dict[str, str] = {}
    for begin in range(0, len(accounts), ACCOUNTS_PER_QUERY):
        group = accounts[begin : begin + ACCOUNTS_PER_QUERY]
        came, refusal = drain(_evaluations(client, aggregator, group, creators))
        rows += came
        if refusal:
            refusals.update(dict.fromkeys(group, f"{_REFUSED}{refusal}"))
    return rows, refusals


def _evaluations(
    client: Any, aggregator: str | None, accounts: list[str], creators: dict[str, str | None]
) -> Iterator[Row]:
    quoted = ", ".join(f"'{account}'" for account in accounts)
    pages = _pages(client, aggregator_name(client, aggregator), QUERY.format(accounts=quoted))
    for text in pages:
        yield from _rules_of(json.loads(text), creators)


def _pages(client: Any, aggregator: str, expression: str) -> Iterator[str]:
    arguments = {"ConfigurationAggregatorName": aggregator, "Expression": expression, "Limit": 100}
    page = client.select_aggregate_resource_config(**arguments)
    yield from page.get("Results", [])
    while page.get("NextToken"):
        page = client.select_aggregate_resource_config(**arguments, NextToken=page["NextToken"])
        yield from page.get("Results", [])


def _rules_of(item: Row, creators: dict[str, str | None]) -> Iterator[Row]:
    """Yield one row per rule of one resource that was judged."""
    configuration = item["configuration"]
    if isinstance(configuration, str):
        configuration = json.loads(configuration)
    for rule in configuration.get("configRuleList") or ():
        if rule.get("complianceType") in ("COMPLIANT", "NON_COMPLIANT"):
            creator = creator_of(rule.get("configRuleArn"))
            yield {
                "account": item["accountId"],
                "region": item["awsRegion"],
                "rule": rule["configRuleName"],
                "creator": creators.get(rule["configRuleName"]) if creator is None else creator,
                "resource_type": configuration["targetResourceType"],
                "resource_id": configuration["targetResourceId"],
                "compliance": rule["complianceType"],
                "captured_at": instant(item.get("configurationItemCaptureTime")),
                "tag_set": None,
            }


def _evidence(
    snapshot: Snapshot, accounts: list[str], rows: list[Row], refusals: dict[str, str]
) -> list[Evidence]:
    """Return the manifest rows of a shard: each of its accounts in every region of the aggregator."""
    sources = snapshot.read(AGGREGATOR_SOURCES)
    known = {(row.account, row.region): row for row in sources.itertuples()}
    counts = Counter((row["account"], row["region"]) for row in rows)
    regions = sorted(set(sources.region) | {region for _, region in counts}) or ["*"]
    return [
        _place(account, region, counts[account, region], refusals.get(account), known.get((account, region)))
        for account in accounts
        for region in regions
    ]


_REFUSED = "refused: "
"""How the message of a place begins whose query AWS refused: it may be asked again."""


def _place(account: str, region: str, count: int, refusal: str | None, source: Any) -> Evidence:
    row = Evidence("config", "evaluations", account, region, row_count=count)
    if source is not None and not pd.isna(source.updated_at):
        row = replace(row, evidence_at=source.updated_at.to_pydatetime())
    if refusal:
        return replace(row, status="PARTIAL" if count else "FAILED", message=refusal)
    if source is None:
        absent = "the aggregator has no source here: the region is not opted in, or Config is not enabled"
        return replace(row, status="FAILED", message=absent)
    if source.status == "SUCCEEDED":
        return row
    status: Status = "STALE" if source.status == "OUTDATED" else "FAILED"
    reason = source.error if isinstance(source.error, str) else "no reason given"
    return replace(row, status=status, message=f"aggregator source {source.status}: {reason}")
