"""What the aggregator tells about evaluations and tags of many accounts in one query.

Config SQL matches across the elements of an array: a resource that one rule finds NON_COMPLIANT comes with
all its rules, so the compliance of each rule is read from the answer, not filtered in the query. A page may
be empty and still carry a token. A query holds at most 4,096 characters.

https://docs.aws.amazon.com/config/latest/developerguide/querying-AWS-resources.html
https://docs.aws.amazon.com/config/latest/APIReference/API_SelectAggregateResourceConfig.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from governance.observation.items import (
    COMPLIANCE_TYPE,
    Item,
    Resource,
    Tagged,
    item_of,
    tags_of,
)
from governance.observation.listings import Size, pages
from governance.observation.paging import Row, instant
from governance.observation.snapshot import drain

ACCOUNTS_PER_QUERY = 150
TYPES_LENGTH = 1_200
"""Accounts and characters of resource types that one query names."""
PAGE = 100

EVALUATIONS = (
    "SELECT accountId, awsRegion, configuration.targetResourceType, configuration.targetResourceId, "
    "configuration.configRuleList, configurationItemCaptureTime "
    f"WHERE resourceType = '{COMPLIANCE_TYPE}' AND accountId IN ({{accounts}}){{more}}"
)
JUDGED_ONLY = " AND configuration.complianceType IN ('COMPLIANT', 'NON_COMPLIANT')"
"""For the whole state. What changed is asked without: no rule judging it any more is a change, too."""
TAGS = (
    "SELECT accountId, awsRegion, resourceType, resourceId, tags, configurationItemCaptureTime "
    "WHERE accountId IN ({accounts}) AND resourceType IN ({types}){since}"
)

RULES_PER_RESOURCE = 5
"""For counting calls ahead: about so many rules judge one resource."""
CHANGED = 0.05
"""For counting calls ahead: such a part of the resources changed since the last delivery."""


@dataclass
class Answer:
    """What came, and in words per account why it is not all."""

    items: list[Item] = field(default_factory=list)
    tags: dict[Resource, Tagged] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)


def calls(size: Size) -> dict[str, dict[str, int]]:
    """Return per dataset the calls that an organization of a size takes, all shards together.

    A query returns resources, each with all its rules; `size.results` counts a resource once per rule. Where
    deliveries are read, only what changed since is asked for.
    """
    groups = pages(size.accounts, ACCOUNTS_PER_QUERY)
    resources = size.results // max(1, min(size.rules, RULES_PER_RESOURCE))
    delivered = min(1.0, size.deliveries / max(1, size.accounts * size.regions))
    asked = int(resources * (1 - delivered * (1 - CHANGED)))
    query = {"SelectAggregateResourceConfig": groups + pages(asked, PAGE)}
    return {"evaluations": {"DescribeConfigurationAggregators": groups, **query}, "tag_sets": query}


@dataclass(frozen=True)
class Aggregator:
    """The aggregator `name`, asked through a client of AWS Config in the hub."""

    client: Any
    name: str

    def evaluations(
        self, accounts: list[str], creators: Mapping[str, str | None], since: datetime | None = None
    ) -> Answer:
        """Return the items of accounts, or those that were captured after `since`."""
        answer = Answer()
        for group in _groups(accounts):
            text = EVALUATIONS.format(accounts=_quoted(group), more=_later(since) or JUDGED_ONLY)
            came, refusal = drain(_item(row, creators) for row in self._pages(text))
            answer.items += came
            if refusal:
                answer.refusals.update(dict.fromkeys(group, refusal))
        return answer

    def tags(self, accounts: list[str], types: Iterable[str], since: datetime | None = None) -> Answer:
        """Return the tags of resources of some types, or of those that were captured after `since`."""
        answer = Answer()
        named = list(_chunks(sorted(types)))
        for group in _groups(accounts):
            for chunk in named:
                text = TAGS.format(accounts=_quoted(group), types=_quoted(chunk), since=_later(since))
                came, refusal = drain(_tagged(row) for row in self._pages(text))
                answer.tags.update(came)
                if refusal:
                    answer.refusals.update(dict.fromkeys(group, refusal))
        return answer

    def _pages(self, expression: str) -> Iterator[Row]:
        arguments = {"ConfigurationAggregatorName": self.name, "Expression": expression, "Limit": PAGE}
        page = self.client.select_aggregate_resource_config(**arguments)
        yield from map(json.loads, page.get("Results", []))
        while page.get("NextToken"):
            page = self.client.select_aggregate_resource_config(**arguments, NextToken=page["NextToken"])
            yield from map(json.loads, page.get("Results", []))


def _item(row: Row, creators: Mapping[str, str | None]) -> Item:
    return item_of(row, (row["accountId"], row["awsRegion"]), creators)


def _tagged(row: Row) -> tuple[Resource, Tagged]:
    resource = (row["accountId"], row["awsRegion"], row["resourceType"], row["resourceId"])
    return resource, Tagged(tags_of(row.get("tags")), instant(row.get("configurationItemCaptureTime")))


def _groups(accounts: list[str]) -> Iterator[list[str]]:
    for begin in range(0, len(accounts), ACCOUNTS_PER_QUERY):
        yield accounts[begin : begin + ACCOUNTS_PER_QUERY]


def _chunks(types: list[str]) -> Iterator[list[str]]:
    """Cut resource types so that each part fits into a query."""
    chunk: list[str] = []
    for kind in types:
        if chunk and len(_quoted([*chunk, kind])) > TYPES_LENGTH:
            yield chunk
            chunk = []
        chunk.append(kind)
    if chunk:
        yield chunk


def _quoted(values: Iterable[str]) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def _later(since: datetime | None) -> str:
    if since is None:
        return ""
    text = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return f" AND configurationItemCaptureTime > '{text}'"
