"""What AWS Config says about one resource, whoever brought it: the aggregator's query or a delivered file.

An item lists every rule that judges the resource, so the newer of two items about one resource holds for all
of its rules. `configuration` is a JSON string in the API and an object in a delivered file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from governance.observation.config import creator_of
from governance.observation.paging import Row, instant

COMPLIANCE_TYPE = "AWS::Config::ResourceCompliance"
JUDGED = ("COMPLIANT", "NON_COMPLIANT")
LONG_AGO = datetime.min.replace(tzinfo=UTC)

Place = tuple[str, str]
"""account, region"""
Resource = tuple[str, str, str, str]
"""account, region, resource type, resource id"""
Tags = tuple[tuple[str, str], ...]
"""key and value, in order"""


class Item(NamedTuple):
    """What is known of one resource at one time; `rows` as in the dataset of evaluations, one per rule."""

    resource: Resource
    captured_at: datetime | None
    rows: tuple[Row, ...]

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.resource[:2]


class Tagged(NamedTuple):
    """The tags of one resource at one time."""

    tags: Tags
    captured_at: datetime | None


def item_of(told: Row, place: Place, creators: Mapping[str, str | None]) -> Item:
    """Read a configuration item of the type ResourceCompliance; raises KeyError or ValueError if it is none.

    Rules that judged nothing (INSUFFICIENT_DATA, NOT_APPLICABLE) bring no row. `creators` are those of the
    hub's rules, for a rule that comes without its ARN.
    """
    configuration = told["configuration"]
    if isinstance(configuration, str):
        configuration = json.loads(configuration)
    captured = instant(told.get("configurationItemCaptureTime"))
    kind, name = configuration["targetResourceType"], configuration["targetResourceId"]
    rows = tuple(
        {
            "account": place[0], "region": place[1], "rule": rule["configRuleName"],
            "creator": _creator(rule, creators), "resource_type": kind, "resource_id": name,
            "compliance": rule["complianceType"], "captured_at": captured, "tag_set": None,
        }
        for rule in configuration.get("configRuleList") or ()
        if rule.get("complianceType") in JUDGED
    )  # fmt: skip
    return Item((*place, kind, name), captured, rows)


def _creator(rule: Row, creators: Mapping[str, str | None]) -> str | None:
    named = creator_of(rule.get("configRuleArn"))
    return creators.get(rule["configRuleName"]) if named is None else named


def tags_of(told: Any) -> Tags:
    """Return the tags of a configuration item: an object in a delivered file, a list in a query's answer."""
    if isinstance(told, dict):
        pairs = ((str(key), str(value)) for key, value in told.items())
    else:
        pairs = ((str(tag["key"]), str(tag.get("value") or "")) for tag in told or ())
    return tuple(sorted(pairs))


Covers = Callable[[Place], datetime | None]
"""From when on a place was told completely: what it lacks and is not newer is not there. None: it was not."""


def merged(
    first: Iterable[Item], second: Iterable[Item], *, by_first: Covers, by_second: Covers
) -> list[Item]:
    """Return what two tellers say together: the newer item per resource, of equally new ones the second's.

    What only one of them told goes where the other told the whole of that place later than that.
    """
    told = {item.resource: item for item in first}
    kept = {key: item for key, item in told.items() if not _is_gone(item, by_second)}
    for item in second:
        other = told.get(item.resource)
        if other is None:
            if not _is_gone(item, by_first):
                kept[item.resource] = item
        elif (item.captured_at or LONG_AGO) >= (other.captured_at or LONG_AGO):
            kept[item.resource] = item
        else:
            kept[item.resource] = other
    return list(kept.values())


def _is_gone(item: Item, covers: Covers) -> bool:
    since = covers(item.place)
    return since is not None and (item.captured_at or LONG_AGO) < since


def newest(first: Mapping[Resource, Tagged], second: Mapping[Resource, Tagged]) -> dict[Resource, Tagged]:
    """Return the tags of both; of a resource that both know, the newer ones, of equally new the second's."""
    found = dict(first)
    for resource, tagged in second.items():
        other = found.get(resource)
        if other is None or (tagged.captured_at or LONG_AGO) >= (other.captured_at or LONG_AGO):
            found[resource] = tagged
    return found
