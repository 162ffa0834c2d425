"""The peer: how many findings per second a matcher of mutelists decides on, measured in the same run.

It walks as Prowler's mutelist does
(https://github.com/prowler-cloud/prowler/blob/master/prowler/lib/mutelist/mutelist.py): waivers are sorted by
account and check with lists of regions, resources and tags; every finding looks at every account of the list
and at every check of its own one, and every name is a regular expression met anywhere in the text. Installing
Prowler would bring the clients of a dozen clouds, so the walk is written here, without its reading of files
and without its exceptions from waivers: faster than the original. It is not like for like: unanchored,
single-threaded, and it answers only yes or no.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import duckdb

from governance.reconciliation.exceptions import LiveException
from governance.register.scope import Scope

Entry = tuple[str, list[str], list[str], list[str]]
"""Check, regions, resources, tags, each a regular expression."""

SECONDS = 1.0
"""About how long the peer is measured."""


def findings_per_second(file: Path, live: list[LiveException], units: dict[str, list[str]]) -> float:
    """Return the peer's speed on non-compliant evaluations of `file`. `units`: accounts of each unit."""
    mutelist = _mutelist(live, units)
    rows = duckdb.sql(f"""
        SELECT account, rule, region, resource_id, 'team=team-' || tag_set % 50 AS tags
        FROM '{file}' WHERE compliance = 'NON_COMPLIANT' AND hash(account, rule, resource_id) % 97 = 0
        LIMIT 20000""").fetchall()
    began = time.perf_counter()
    for done, row in enumerate(rows, 1):  # noqa: B007 (counts)
        _is_muted(mutelist, *row)
        if time.perf_counter() - began > SECONDS:
            break
    return done / (time.perf_counter() - began)


def _mutelist(live: list[LiveException], units: dict[str, list[str]]) -> dict[str, list[Entry]]:
    """Write the same waivers as a mutelist: what is said of a unit is said of each of its accounts."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for scope in (scope for one in live for scope in one.scopes):
        for account in scope.account or [a for unit in scope.ou for a in units[unit]] or ["*"]:
            found[account] += _entries(scope)
    return found


def _entries(scope: Scope) -> Iterator[Entry]:
    tags = [f"{key}={value}" for key, value in scope.tag.items()]
    resources = [value.replace("*", ".*") for value in scope.resource] or [".*"]
    for rule in scope.rule or ["*"]:
        yield rule.replace("*", ".*"), list(scope.region) or [".*"], resources, tags or [".*"]


def _is_muted(
    mutelist: dict[str, list[Entry]], account: str, check: str, region: str, resource: str, tags: str
) -> bool:
    for owner, entries in mutelist.items():
        if owner in (account, "*"):
            fits = [_fits(entry, check, region, resource, tags) for entry in entries]
            if any(fits):
                return True
    return False


def _fits(entry: Entry, check: str, region: str, resource: str, tags: str) -> bool:
    rule, regions, resources, wanted = entry
    return bool(
        (rule == check or re.search(re.sub("^lambda", "awslambda", rule), check))
        and any(re.search(one, region) for one in regions)
        and any(re.search(one, resource) for one in resources)
        and all(re.search(one, tags) for one in wanted)
    )
