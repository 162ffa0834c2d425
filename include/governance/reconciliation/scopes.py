"""Scopes as tables that the engine can join: places, kinds, resource tests, tag tests, exclusions.

A scope is *broad* while places, kinds and regions decide it; such a scope is matched on cells (account,
region, rule, resource type), not on rows. Resources and tags, in the scope or in one of its exclusions, need
the rows. Many scopes say the same of places, of kinds or of tags: each such set is resolved once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from governance.reconciliation.arns import is_arn, resource_tests
from governance.reconciliation.directory import Directory
from governance.reconciliation.exceptions import LiveException, microseconds, ranks
from governance.reconciliation.scope_tables import OWNER, TEXT, Compiled, Owners
from governance.register.patterns import has_wildcard
from governance.register.scope import Dimensions, Scope

PREFIXES = (24, 16, 12, 8, 4, 0)
"""Lengths of the literal beginning by which `named.sql` looks patterns of resources up."""


def compile_scopes(exceptions: list[LiveException], directory: Directory) -> Compiled:
    """Turn the scopes of live exceptions into tables. `exception` is the index into `exceptions`.

    An exception with a problem, or with a rule name that fits several rules, covers nothing: its scopes are
    not there.
    """
    compiled = Compiled()
    for index, exception in enumerate(exceptions):
        if not any(scope.rule and directory.ambiguous(scope.rule) for scope in exception.scopes):
            compiled.scopes += exception.scopes
            compiled.of += [index] * len(exception.scopes)
    sets = _Sets(compiled, directory)
    owners = Owners()
    for number, scope in enumerate(compiled.scopes):
        sets.add_scope(owners, number, scope)
    of = np.array(compiled.of, dtype="int64")
    several = np.bincount(of, minlength=len(exceptions)) > 1
    ends = microseconds([one.valid_until for one in exceptions])
    phases = pa.array([one.phase for one in exceptions], TEXT)
    compiled.columns = {
        **{name: getattr(owners, name) for name in OWNER},
        "scope": np.arange(len(of)),
        "exception": of,
        "rank": ranks(exceptions, of, np.array(owners.place_level), np.array(owners.rule_level)),
        "phase": phases.take(pa.array(of)),
        "ends": ends[of],
        "is_broad": owners.is_broad,
        "is_detailed": np.array(owners.excludes, dtype=bool) | several[of],
    }
    return compiled


def ambiguous_rules(exception: LiveException, directory: Directory) -> list[str]:
    """Return the rule names in the scopes of an exception that fit several rules."""
    named: set[str] = set()
    for scope in exception.scopes:
        if scope.rule:
            named |= directory.ambiguous(scope.rule)
    return sorted(named)


def specificity(scope: Scope) -> tuple[int, int]:
    """Return (place level, rule level), smaller is more specific: the most telling dimension counts.

    Place: resource 0, tag 1, account 2, OU 3, root 4. Rule: all exact 0, some pattern 1, any rule 2.
    """
    place = 0 if scope.resource else 1 if scope.tag else 2 if scope.account else 3 if scope.ou else 4
    return place, 2 if not scope.rule else _rule_level(scope.rule)


@lru_cache(maxsize=4096)
def _rule_level(rules: tuple[str, ...]) -> int:
    return 1 if any(map(has_wildcard, rules)) else 0


class _Sets:
    """Writes rows of the tables; equal sets of places, kinds or tags are written once and named by number."""

    def __init__(self, compiled: Compiled, directory: Directory) -> None:
        self._rows = compiled.rows
        self._named = compiled.named
        self._directory = directory
        self._places: dict[Hashable, int] = {}
        self._kinds: dict[Hashable, int] = {}
        self._conditions: dict[Hashable, int] = {}

    def add_scope(self, owners: Owners, number: int, scope: Scope) -> None:
        """Add what is told of a scope, and its exclusions."""
        places, kinds, mask, has_resource, condition = self._owner(number, scope)
        owners.place_set.append(places)
        owners.kind_set.append(kinds)
        owners.mask.append(mask)
        owners.has_resource.append(has_resource)
        owners.condition.append(condition)
        is_broad = not has_resource and condition is None
        for excluded in scope.exclude:
            is_broad = is_broad and not (excluded.resource or excluded.tag)
            owner = -1 - len(self._rows["exclusion"])
            self._rows["exclusion"].append((owner, *self._owner(owner, excluded), number))
        owners.is_broad.append(is_broad)
        owners.excludes.append(bool(scope.exclude))
        place_level, rule_level = specificity(scope)
        owners.place_level.append(place_level)
        owners.rule_level.append(rule_level)

    def _owner(self, owner: int, named: Dimensions) -> tuple[int, int, int, bool, int | None]:
        where, what = (named.account, named.ou), (named.rule, named.resource_type)
        places, kinds = self._places.get(where), self._kinds.get(what)
        if places is None:
            places = self._add("place_of", self._places, where, self._directory.places(named))
        if kinds is None:
            kinds = self._add("kind_of", self._kinds, what, self._directory.kinds_of(*what))
        mask = self._directory.region_mask(named.region)
        for value in named.resource:
            self._add_resource(owner, value)
        return places, kinds, mask, bool(named.resource), self._condition(named.tag) if named.tag else None

    def _add(self, table: str, known: dict[Hashable, int], key: Hashable, members: Iterable[Any]) -> int:
        number = known[key] = len(known)
        self._rows[table] += [(number, member) for member in members]
        return number

    def _condition(self, tags: dict[str, str]) -> int:
        key, known = tuple(sorted(tags.items())), self._conditions
        if key not in known:
            known[key] = len(known)
            self._rows["tag_test"] += [
                (known[key], name, like(value) if has_wildcard(value) else value, has_wildcard(value))
                for name, value in key
            ]
        return known[key]

    def _add_resource(self, owner: int, value: str) -> None:
        if not has_wildcard(value) and not is_arn(value):
            self._named.owner.append(owner)
            self._named.value.append(value)
            return
        tests = self._rows["resource_test"]
        for test in resource_tests(value):
            is_pattern = has_wildcard(test.value)
            tests.append((
                owner, test.value, is_pattern, like(test.value) if is_pattern else "",
                _prefix(test.value) if is_pattern else "", like(test.account) if test.account else "%",
                self._directory.region_mask((test.region,) if test.region else ()),
                like(test.service) if test.service else "%", len(tests),
            ))  # fmt: skip


def like(pattern: str) -> str:
    r"""Return a pattern of `*` and `?` as one of SQL's LIKE with the escape character `\`.

    >>> like("a_b*c?[d]")
    'a\\_b%c_[d]'
    """
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")


def _prefix(pattern: str) -> str:
    """Return the literal beginning of a pattern, cut to one of PREFIXES."""
    literal = len(pattern.replace("?", "*").partition("*")[0])
    return pattern[: next(length for length in PREFIXES if length <= literal)]
