"""Scopes as tables that the engine can join: places, kinds, resource tests, tag tests, exclusions.

A scope is *broad* while places, kinds and regions decide it; such a scope is matched on cells (account,
region, rule, resource type), not on rows. Resources and tags, in the scope or in one of its exclusions, need
the rows. Many scopes say the same of places, of kinds or of tags: each such set is resolved once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pyarrow as pa

from governance.reconciliation.arns import resource_tests
from governance.reconciliation.directory import Directory
from governance.reconciliation.exceptions import LiveException, microseconds, ranks
from governance.register.patterns import has_wildcard
from governance.register.scope import Dimensions, Scope

PREFIXES = (24, 16, 12, 8, 4, 0)
"""Lengths of the literal beginning by which `named.sql` looks patterns of resources up."""

_INT, _LONG, _TEXT, _BOOL = pa.int32(), pa.int64(), pa.string(), pa.bool_()
_OWNER = {"place_set": _INT, "kind_set": _INT, "mask": _LONG, "has_resource": _BOOL, "condition": _INT}
TABLES = {
    "scope": {"scope": _INT, **_OWNER, "exception": _LONG, "rank": _LONG, "phase": _TEXT, "ends": _LONG,
              "is_broad": _BOOL, "is_detailed": _BOOL},
    "exclusion": {"exclusion": _INT, **_OWNER, "scope": _INT},
    "place_of": {"place_set": _INT, "place": _TEXT},
    "kind_of": {"kind_set": _INT, "kind": _INT},
    "resource_test": {"owner": _INT, "value": _TEXT, "is_pattern": _BOOL, "like": _TEXT, "prefix": _TEXT,
                      "account": _TEXT, "mask": _LONG, "service": _TEXT, "test": _INT},
    "tag_test": {"condition": _INT, "key": _TEXT, "value": _TEXT, "is_pattern": _BOOL},
}  # fmt: skip
"""Tables and their columns. `owner` is a scope (from 0) or an exclusion (from -1 downwards); `mask` the bits
of its regions; `condition` what it asks of tags, NULL: nothing; `is_detailed` a scope that has exclusions, or
is not the only one of its exception; `ends` is in microseconds since 1970 (UTC)."""


@dataclass
class Compiled:
    """Rows of the tables, and per scope the exception and scope they came from."""

    scopes: list[tuple[int, Scope]] = field(default_factory=list)
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {name: [] for name in TABLES})

    def tables(self) -> dict[str, pa.Table]:
        """Return each table with the columns that TABLES names."""
        found = {}
        for name, columns in TABLES.items():
            arrays = [
                pa.array([row[place] for row in self.rows[name]], kind)  # zip(*rows) makes an object per row
                for place, kind in enumerate(columns.values())
            ]
            found[name] = pa.table(dict(zip(columns, arrays, strict=True)))
        return found


def compile_scopes(exceptions: list[LiveException], directory: Directory) -> Compiled:
    """Turn the scopes of live exceptions into tables. `exception` is the index into `exceptions`.

    An exception with a problem, or with a rule name that fits several rules, covers nothing: its scopes are
    not there.
    """
    compiled = Compiled()
    for index, exception in enumerate(exceptions):
        if not ambiguous_rules(exception, directory):
            compiled.scopes += [(index, scope) for scope in exception.scopes]
    sets = _Sets(compiled, directory)
    levels = [(index, *specificity(scope)) for index, scope in compiled.scopes]
    for number, rank in enumerate(ranks(exceptions, levels)):
        index, scope = compiled.scopes[number]
        sets.add_scope(number, scope, index, exceptions[index], rank)
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
        self._directory = directory
        self._places: dict[Hashable, int] = {}
        self._kinds: dict[Hashable, int] = {}
        self._conditions: dict[Hashable, int] = {}

    def add_scope(self, number: int, scope: Scope, index: int, exception: LiveException, rank: int) -> None:
        is_broad, excludes = not (scope.resource or scope.tag), scope.exclude
        is_detailed = bool(excludes) or len(exception.scopes) > 1
        for excluded in excludes:
            is_broad = is_broad and not (excluded.resource or excluded.tag)
            owner = -1 - len(self._rows["exclusion"])
            self._rows["exclusion"].append((owner, *self._owner(owner, excluded), number))
        ends = microseconds(exception.valid_until)
        self._rows["scope"].append(
            (number, *self._owner(number, scope), index, rank, exception.phase, ends, is_broad, is_detailed)
        )

    def _owner(self, owner: int, named: Dimensions) -> tuple[Any, ...]:
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
