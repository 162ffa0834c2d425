"""Tags of resources as sets: an evaluation names a set by its number, so that equal tags are kept once.

Numbers are dealt by shard, every `of`-th one to each, so that shards need not know of each other. NULL is a
resource whose tags nobody told; a set without rows is one without tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.observation.items import Resource, Tagged, Tags

ACCOUNT_TYPE = "AWS::::Account"
"""An account as a resource: Config keeps no tags of it, Organizations does."""
GLOBAL = "global"
"""The region of global resources in configuration items; evaluations name the one they were made in."""


def number_sets(
    rows: list[dict[str, Any]],
    tags: Mapping[Resource, Tagged],
    accounts: Mapping[str, Tags] | None,
    shard: int,
    of: int,
) -> list[dict[str, Any]]:
    """Set `tag_set` of evaluations; return the rows of the dataset `tag_sets`: tag_set, key, value.

    `accounts` are the tags of accounts, None where they are not known.
    """
    found: list[Tags | None] = [_tags(row, tags, accounts) for row in rows]
    numbers = {
        one: place * of + shard for place, one in enumerate(sorted({t for t in found if t is not None}))
    }
    for row, one in zip(rows, found, strict=True):
        row["tag_set"] = None if one is None else numbers[one]
    return [
        {"tag_set": number, "key": key, "value": value}
        for one, number in numbers.items()
        for key, value in one
    ]


def _tags(
    row: Mapping[str, Any], tags: Mapping[Resource, Tagged], accounts: Mapping[str, Tags] | None
) -> Tags | None:
    account, region, kind, name = (row[n] for n in ("account", "region", "resource_type", "resource_id"))
    if kind == ACCOUNT_TYPE:
        return None if accounts is None else accounts.get(account, ())
    tagged = tags.get((account, region, kind, name)) or tags.get((account, GLOBAL, kind, name))
    return tagged.tags if tagged else None
