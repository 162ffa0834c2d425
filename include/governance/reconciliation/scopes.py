"""Scopes compiled for the engine: places, kinds, resources, tags, exclusions, each by number.

A scope is *broad* while places, kinds and regions decide it; such a scope is matched on cells (account,
region, rule, resource type), not on rows. Resources and tags, in the scope or in one of its exclusions, need
the rows. Many scopes say the same of places, of kinds or of tags: each such set is resolved once.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import attrgetter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.reconciliation.arns import resource_tests
from governance.reconciliation.compiled import (
    NO_CONDITION,
    PHASES,
    Columns,
    Compiled,
    Key,
    ResourceNames,
    ResourcePatterns,
    Sets,
)
from governance.reconciliation.directory import ALL_REGIONS, Directory
from governance.reconciliation.exceptions import LiveException, microseconds, ranks
from governance.reconciliation.matching.arrays import Array, dense, offsets
from governance.register.canonical_scope import CanonicalDimensions, CanonicalScope
from governance.register.patterns import has_wildcard


def compile_scopes(exceptions: list[LiveException], directory: Directory) -> Compiled:
    """Turn the scopes of live exceptions into arrays. `exception` is the index into `exceptions`.

    An exception with a problem, or with a rule name that fits several rules, covers nothing: its scopes are
    not there.
    """
    told = [one.scopes for one in exceptions]
    scopes = list(chain.from_iterable(told))
    of = np.repeat(np.arange(len(told)), np.fromiter(map(len, told), dtype="int64", count=len(told)))
    named = _Named.by(scopes)
    ambiguous = named.ambiguous(directory)[: len(scopes)]
    if ambiguous.any():
        keep = np.flatnonzero(~np.isin(of, of[ambiguous]))
        scopes, of = [scopes[place] for place in keep.tolist()], of[keep]
        named = _Named.by(scopes)
    excludes = np.fromiter(map(len, map(attrgetter("exclude"), scopes)), dtype="int64", count=len(scopes))
    owner, sets = named.owner(directory), named.sets(directory)
    columns = _columns(exceptions, of, owner, sets, offsets(excludes))
    names, patterns = _resource_names(*named.resources, directory)
    return Compiled(owner, sets, names, patterns, columns, len(exceptions))


Numbered = tuple[Array, list[Key]]


@dataclass(frozen=True)
class _Named:
    """What owners name: equal sets of places, kinds or tags have the same number.

    `regions` by owner, where any are named; `asked`: the number of what an owner asks of tags;
    `resources`: owners, and the resources these name.
    """

    count: int
    places: Numbered
    kinds: Numbered
    regions: dict[int, tuple[str, ...]]
    asked: dict[int, int]
    conditions: list[tuple[tuple[str, str], ...]]
    resources: tuple[list[int], list[str]]

    @staticmethod
    def by(scopes: list[CanonicalScope]) -> _Named:
        """Take what scopes name, and behind them their exclusions: one dimension of all, then the next."""
        owners: list[CanonicalDimensions] = [*scopes]
        owners += chain.from_iterable(map(attrgetter("exclude"), scopes))
        account, ou, rule, resource_type = (
            _numbered(map(attrgetter(name), owners)) for name in ("account", "ou", "rule", "resource_type")
        )
        conditions: dict[tuple[tuple[str, str], ...], int] = {}
        asked = {
            owner: conditions.setdefault(tuple(sorted(tag.items())), len(conditions))
            for owner, tag in enumerate(map(attrgetter("tag"), owners)) if tag
        }  # fmt: skip
        named = [(n, some) for n, some in enumerate(map(attrgetter("resource"), owners)) if some]
        return _Named(
            count=len(owners),
            places=_pairs(account, ou),
            kinds=_pairs(rule, resource_type),
            regions={n: region for n, region in enumerate(map(attrgetter("region"), owners)) if region},
            asked=asked,
            conditions=list(conditions),
            resources=([n for n, some in named for _ in some], [one for _, some in named for one in some]),
        )

    def ambiguous(self, directory: Directory) -> Array:
        """Tell of each owner whether it names a rule by a name that fits several."""
        number, keys = self.kinds
        found = [bool(rules and directory.ambiguous(rules)) for rules, _ in keys]
        of_owner: Array = np.array(found, dtype=bool)[number]
        return of_owner

    def owner(self, directory: Directory) -> dict[str, Array]:
        """Return what is told of each owner."""
        mask = np.full(self.count, ALL_REGIONS)
        condition = np.full(self.count, NO_CONDITION, dtype="int32")
        has_resource = np.zeros(self.count, dtype=bool)
        mask[list(self.regions)] = [directory.region_mask(region) for region in self.regions.values()]
        condition[list(self.asked)] = list(self.asked.values())
        has_resource[self.resources[0]] = True
        return {
            "place_set": self.places[0],
            "kind_set": self.kinds[0],
            "mask": mask,
            "has_resource": has_resource,
            "condition": condition,
        }

    def sets(self, directory: Directory) -> Sets:
        """Return what the numbers stand for."""
        places, kinds = self.places[1], self.kinds[1]
        return Sets(
            places=[directory.places(*key) for key in places],
            kinds=[directory.kinds_of(*key) for key in kinds],
            conditions=self.conditions,
            named_places=places,
            named_kinds=kinds,
            place_levels=[place_level((), (), *key) for key in places],
            rule_levels=[rule_level(rules) for rules, _ in kinds],
        )


def _numbered(told: Iterable[tuple[str, ...]]) -> tuple[Array, list[tuple[str, ...]]]:
    """Give equal ones the same number; return the number of each, and each once in the order of numbers."""
    numbers: dict[tuple[str, ...], int] = {}
    found = array("q", [numbers.setdefault(one, len(numbers)) for one in told])
    return np.frombuffer(found, dtype="int64"), list(numbers)


def _pairs(one: tuple[Array, list[tuple[str, ...]]], other: tuple[Array, list[tuple[str, ...]]]) -> Numbered:
    """Give equal pairs the same number, as `_numbered` does."""
    (first, firsts), (second, seconds) = one, other
    if len(seconds) == 1:
        return first, [(key, seconds[0]) for key in firsts]
    met, number = dense(first * len(seconds) + second)
    return number, [(firsts[pair // len(seconds)], seconds[pair % len(seconds)]) for pair in met.tolist()]


def _resource_names(
    owners: list[int], values: list[str], directory: Directory
) -> tuple[ResourceNames, ResourcePatterns]:
    """Return the plain ids that owners name; and their patterns and ARNs, as the tests these stand for."""
    text = pa.array(values, pa.string())
    is_plain = pc.invert(pc.match_substring_regex(text, r"[*?]|^arn:")).to_numpy(zero_copy_only=False)
    owner = np.array(owners, dtype="int64")
    names = ResourceNames(owner[is_plain], text.filter(pa.array(is_plain)))
    others = np.flatnonzero(~is_plain).tolist()
    tests = [(owners[number], test) for number in others for test in resource_tests(values[number])]
    regions = [directory.region_mask((test.region,) if test.region else ()) for _, test in tests]
    return names, ResourcePatterns(
        owner=np.array([owner for owner, _ in tests], dtype="int64"),
        value=[test.value for _, test in tests],
        account=[test.account for _, test in tests],
        region=regions,
        service=[test.service for _, test in tests],
    )


def _columns(
    exceptions: list[LiveException], of: Array, owner: dict[str, Array], sets: Sets, exclusions: Array
) -> Columns:
    count = len(of)
    several = np.bincount(of, minlength=len(exceptions)) > 1
    by_rows = owner["has_resource"] | (owner["condition"] != NO_CONDITION)
    excluded_by_rows = offsets(by_rows[count:])
    place = np.array(sets.place_levels, dtype="int64")[owner["place_set"][:count]]
    place[owner["condition"][:count] != NO_CONDITION] = place_level((), ("tag",), (), ())
    place[owner["has_resource"][:count]] = place_level(("resource",), (), (), ())
    rule = np.array(sets.rule_levels, dtype="int64")[owner["kind_set"][:count]]
    # column by column: a tuple per exception would wake the garbage collector
    decided = microseconds([one.decided_at for one in exceptions])
    numbers = np.array([one.number for one in exceptions], dtype="int64")
    ends, endings = np.unique(microseconds([one.valid_until for one in exceptions]), return_inverse=True)
    phases = np.array([PHASES[one.phase] for one in exceptions], dtype="int8")
    return Columns(
        exception=of,
        rank=ranks(decided, numbers, of, place, rule),
        phase=phases[of],
        ending=endings.astype("int32")[of],
        ends=ends,
        is_broad=~by_rows[:count] & (np.diff(excluded_by_rows[exclusions]) == 0),
        is_detailed=(np.diff(exclusions) > 0) | several[of],
        exclusions=exclusions,
    )


def ambiguous_rules(exception: LiveException, directory: Directory) -> list[str]:
    """Return the rule names in the scopes of an exception that fit several rules."""
    named: set[str] = set()
    for scope in exception.scopes:
        if scope.rule:
            named |= directory.ambiguous(scope.rule)
    return sorted(named)


def place_level(*named: Collection[str]) -> int:
    """Return how specific a scope is that names these resources, tags, accounts and OUs, in this order.

    The most telling decides, smaller is more specific: resource 0, tag 1, account 2, OU 3, root 4.
    """
    return next((level for level, values in enumerate(named) if values), len(named))


@lru_cache(maxsize=4096)
def rule_level(rules: tuple[str, ...]) -> int:
    """Return how specific a scope is that names these rules: all exact 0, some pattern 1, any rule 2."""
    return 2 if not rules else 1 if any(map(has_wildcard, rules)) else 0


def like(pattern: str) -> str:
    r"""Return a pattern of `*` and `?` as one of SQL's LIKE with the escape character `\`.

    >>> like("a_b*c?[d]")
    'a\\_b%c_[d]'
    """
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")
