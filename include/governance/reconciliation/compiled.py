"""What scopes are compiled to: equal sets of places, kinds or tags once, and the rest in arrays.

A scope and each of its exclusions is an *owner*: scopes have the numbers from 0, exclusions those behind
them, in the order of their scopes. What there is one of per owner is kept by column: an object per owner
would keep the garbage collector busy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from governance.reconciliation.matching.arrays import Array

UPCOMING, ACTIVE, EXPIRED = 0, 1, 2
PHASES = {"upcoming": UPCOMING, "active": ACTIVE, "expired": EXPIRED}
NO_CONDITION = -1
Key = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class ResourceNames:
    """Resources by their plain ids, in the order of their owners."""

    owner: Array
    value: pa.Array


@dataclass(frozen=True)
class ResourcePatterns:
    """Patterns and ARNs of resources, in the order of their owners.

    `account` and `service` are patterns, '' means any; `region` is the bits of the regions.
    """

    owner: Array
    value: list[str]
    account: list[str]
    region: list[int]
    service: list[str]


@dataclass(frozen=True)
class Sets:
    """The distinct sets that owners name by number. `conditions`: (key, value or pattern) of each tag.

    `named_places` (accounts, units) and `named_kinds` (rules, resource types) are as the scopes name them.
    `place_levels` and `rule_levels` say how specific a scope is by its places, and by its rules.
    """

    places: list[tuple[str, ...]]
    kinds: list[frozenset[int]]
    conditions: list[tuple[tuple[str, str], ...]]
    named_places: list[Key]
    named_kinds: list[Key]
    place_levels: list[int]
    rule_levels: list[int]


@dataclass(frozen=True)
class Columns:
    """What is told of each scope. `exception` is the index of its exception, `phase` one of PHASES.

    `is_broad`: places, kinds and regions decide it. `is_detailed`: it has exclusions, or is not the only one
    of its exception. `ending`: when it ends, as a place in `ends`, which are distinct microseconds since 1970
    (UTC), ascending. `exclusions`: where those of a scope begin, one entry more than scopes.
    """

    exception: Array
    rank: Array
    phase: Array
    ending: Array
    ends: Array
    is_broad: Array
    is_detailed: Array
    exclusions: Array


@dataclass(frozen=True)
class Compiled:
    """The scopes that can cover anything, of `exceptions` many exceptions.

    `owner` has an array per column, an entry per owner: place_set, kind_set, mask (the bits of its regions),
    has_resource, condition (what it asks of tags, or NO_CONDITION).
    """

    owner: dict[str, Array]
    sets: Sets
    names: ResourceNames
    patterns: ResourcePatterns
    columns: Columns
    exceptions: int

    @property
    def count(self) -> int:
        """How many scopes there are: owners with smaller numbers are scopes, the others exclusions."""
        return len(self.columns.exception)

    @property
    def excluded_from(self) -> Array:
        """The scope of each exclusion."""
        return np.repeat(np.arange(self.count), np.diff(self.columns.exclusions))
