"""Scopes compiled for the engine: places, kinds, resources, tags, exclusions, each by number.

A scope is *broad* while places, kinds and regions decide it; such a scope is matched on cells (account,
region, rule, resource type), not on rows. Resources and tags, in the scope or in one of its exclusions, need
the rows. Many scopes say the same of places, of kinds or of tags: each such set is resolved once.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
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
from governance.reconciliation.matching.arrays import Array, offsets
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
    compiler = _Compiler(directory)
    compiler.add(scopes)
    ambiguous = compiler.ambiguous()
    if ambiguous.any():
        keep = np.flatnonzero(~np.isin(of, of[ambiguous]))
        scopes, of = [scopes[place] for place in keep.tolist()], of[keep]
        compiler = _Compiler(directory)
        compiler.add(scopes)
    excludes = np.fromiter(map(len, compiler.excluded), dtype="int64", count=len(scopes))
    compiler.add([one for excluded in compiler.excluded if excluded for one in excluded])
    owner, sets = compiler.owner(), compiler.sets()
    columns = _columns(exceptions, of, owner, sets, offsets(excludes))
    names, patterns = _resource_names(*compiler.resources, directory)
    return Compiled(scopes, of.tolist(), owner, sets, names, patterns, columns, len(exceptions))


_DIMENSIONS = attrgetter("account", "ou", "rule", "resource_type", "region", "resource", "tag")


class _Compiler:
    """Takes owners one after the other; equal sets of places, kinds or tags get the same number."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._places: dict[Key, int] = {}
        self._kinds: dict[Key, int] = {}
        self._conditions: dict[tuple[tuple[str, str], ...], int] = {}
        self._place_set, self._kind_set = array("q"), array("q")
        self._masks: dict[int, int] = {}
        self._asked: dict[int, int] = {}
        self.resources: tuple[list[int], list[str]] = ([], [])
        self.excluded: list[tuple[CanonicalDimensions, ...]] = []

    def add(self, owners: Sequence[CanonicalDimensions]) -> None:
        """Add what is told of scopes or exclusions; they get the next numbers.

        All of one, then the next: what a hundred thousand of them point to is far apart in memory.
        """
        places, kinds, (named, values) = self._places, self._kinds, self.resources
        place_set, kind_set = self._place_set.append, self._kind_set.append
        for owner, (account, ou, rule, type_, region, resource, tag) in enumerate(
            map(_DIMENSIONS, owners), len(self._place_set)
        ):
            place_set(places.setdefault((account, ou), len(places)))
            kind_set(kinds.setdefault((rule, type_), len(kinds)))
            if region:
                self._masks[owner] = self._directory.region_mask(region)
            if tag:
                self._asked[owner] = self._condition(tag)
            if resource:
                named += [owner] * len(resource)
                values += resource
        self.excluded += [getattr(one, "exclude", ()) for one in owners]

    def _condition(self, tags: dict[str, str]) -> int:
        return self._conditions.setdefault(tuple(sorted(tags.items())), len(self._conditions))

    def ambiguous(self) -> Array:
        """Tell of each owner whether it names a rule by a name that fits several."""
        found = [bool(rules and self._directory.ambiguous(rules)) for rules, _ in self._kinds]
        of_owner: Array = np.array(found, dtype=bool)[np.frombuffer(self._kind_set, dtype="int64")]
        return of_owner

    def owner(self) -> dict[str, Array]:
        """Return what is told of each owner."""
        count = len(self._place_set)
        mask = np.full(count, ALL_REGIONS)
        condition = np.full(count, NO_CONDITION, dtype="int32")
        has_resource = np.zeros(count, dtype=bool)
        mask[list(self._masks)] = list(self._masks.values())
        condition[list(self._asked)] = list(self._asked.values())
        has_resource[self.resources[0]] = True
        return {
            "place_set": np.frombuffer(self._place_set, dtype="int64"),
            "kind_set": np.frombuffer(self._kind_set, dtype="int64"),
            "mask": mask,
            "has_resource": has_resource,
            "condition": condition,
        }

    def sets(self) -> Sets:
        """Return what the numbers stand for."""
        return Sets(
            places=[self._directory.places(*key) for key in self._places],
            kinds=[self._directory.kinds_of(*key) for key in self._kinds],
            conditions=list(self._conditions),
            named_places=list(self._places),
            named_kinds=list(self._kinds),
            place_levels=[place_level((), (), *key) for key in self._places],
            rule_levels=[rule_level(rules) for rules, _ in self._kinds],
        )


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


def specificity(scope: CanonicalScope) -> tuple[int, int]:
    """Return (place level, rule level), smaller is more specific: the most telling dimension counts.

    Place: resource 0, tag 1, account 2, OU 3, root 4. Rule: all exact 0, some pattern 1, any rule 2.
    """
    return place_level(scope.resource, scope.tag, scope.account, scope.ou), rule_level(scope.rule)


def place_level(*named: Collection[str]) -> int:
    """Return how specific a scope is that names these resources, tags, accounts and OUs, in this order."""
    return next((level for level, values in enumerate(named) if values), len(named))


@lru_cache(maxsize=4096)
def rule_level(rules: tuple[str, ...]) -> int:
    """Return how specific a scope is that names these rules."""
    return 2 if not rules else 1 if any(map(has_wildcard, rules)) else 0


def like(pattern: str) -> str:
    r"""Return a pattern of `*` and `?` as one of SQL's LIKE with the escape character `\`.

    >>> like("a_b*c?[d]")
    'a\\_b%c_[d]'
    """
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")
