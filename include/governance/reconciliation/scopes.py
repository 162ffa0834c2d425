"""Scopes as tables that the engine can join: places, kinds, resource tests, tag tests, exclusions.

A scope is *broad* while places, kinds and regions decide it; such a scope is matched on cells (account,
region, rule, resource type), not on rows. Resources and tags, in the scope or in one of its exclusions, need
the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from governance.reconciliation.arns import resource_tests
from governance.reconciliation.directory import Directory
from governance.reconciliation.exceptions import LiveException, microseconds, ranks
from governance.register.patterns import has_wildcard
from governance.register.scope import Dimensions, Scope

PREFIXES = (24, 16, 12, 8, 4, 0)
"""Lengths of the literal beginning by which patterns of resources are looked up."""

TABLES = {
    "scope": {"scope": "int64", "exception": "int64", "rank": "int64", "phase": "str", "ends": "int64",
              "is_broad": "bool", "has_resource": "bool", "tags": "int64"},
    "exclusion": {"exclusion": "int64", "scope": "int64", "has_resource": "bool", "tags": "int64"},
    "place_of": {"owner": "int64", "place": "str", "mask": "int64"},
    "kind_of": {"owner": "int64", "kind": "int64"},
    "resource_test": {"test": "int32", "owner": "int64", "value": "str", "is_pattern": "bool", "like": "str",
                      "prefix": "str", "account": "str", "mask": "int64", "service": "str"},
    "tag_test": {"owner": "int64", "key": "str", "value": "str", "is_pattern": "bool"},
}  # fmt: skip
"""Tables and their columns. `owner` is a scope (from 0) or an exclusion (from -1 downwards); `ends` is in
microseconds since 1970 (UTC)."""


@dataclass
class Compiled:
    """Rows of the tables, and per scope the exception and scope they came from."""

    scopes: list[tuple[int, Scope]] = field(default_factory=list)
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {name: [] for name in TABLES})

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return each table as a frame of the types that TABLES names."""
        return {
            name: pd.DataFrame(self.rows[name], columns=list(columns)).astype(columns)
            for name, columns in TABLES.items()
        }


def compile_scopes(exceptions: list[LiveException], directory: Directory) -> Compiled:
    """Turn the scopes of live exceptions into tables. `exception` is the index into `exceptions`.

    An exception with a problem, or with a rule name that fits several rules, covers nothing: its scopes are
    not there.
    """
    compiled = Compiled()
    for index, exception in enumerate(exceptions):
        if not ambiguous_rules(exception, directory):
            compiled.scopes += [(index, scope) for scope in exception.scopes]
    levels = [(index, *specificity(scope)) for index, scope in compiled.scopes]
    for number, rank in enumerate(ranks(exceptions, levels)):
        _add_scope(compiled, number, rank, exceptions, directory)
    return compiled


def ambiguous_rules(exception: LiveException, directory: Directory) -> list[str]:
    """Return the rule names in the scopes of an exception that fit several rules."""
    named = {value for scope in exception.scopes for value in scope.rule}
    return sorted(value for value in named if directory.book.is_ambiguous(value))


def specificity(scope: Scope) -> tuple[int, int]:
    """Return (place level, rule level), smaller is more specific: the most telling dimension counts.

    Place: resource 0, tag 1, account 2, OU 3, root 4. Rule: all exact 0, some pattern 1, any rule 2.
    """
    named = (scope.resource, scope.tag, scope.account, scope.ou)
    place = next((level for level, value in enumerate(named) if value), 4)
    rule = 2 if not scope.rule else 1 if any(has_wildcard(value) for value in scope.rule) else 0
    return place, rule


def _needs_rows(named: Dimensions) -> bool:
    return bool(named.resource or named.tag)


def _add_scope(
    compiled: Compiled, number: int, rank: int, exceptions: list[LiveException], directory: Directory
) -> None:
    index, scope = compiled.scopes[number]
    exception = exceptions[index]
    is_broad = not _needs_rows(scope) and not any(_needs_rows(one) for one in scope.exclude)
    compiled.rows["scope"].append(
        (
            number,
            index,
            rank,
            exception.phase,
            microseconds(exception.valid_until),
            is_broad,
            bool(scope.resource),
            len(scope.tag),
        )
    )
    _add_dimensions(compiled, number, scope, directory)
    for excluded in scope.exclude:
        owner = -1 - len(compiled.rows["exclusion"])
        compiled.rows["exclusion"].append((owner, number, bool(excluded.resource), len(excluded.tag)))
        _add_dimensions(compiled, owner, excluded, directory)


def _add_dimensions(compiled: Compiled, owner: int, named: Dimensions, directory: Directory) -> None:
    rows = compiled.rows
    mask = directory.region_mask(named.region)
    rows["place_of"] += [(owner, place, mask) for place in directory.places(named)]
    rows["kind_of"] += [(owner, kind) for kind in directory.kinds_of(named.rule, named.resource_type)]
    for value in named.resource:
        for test in resource_tests(value):
            is_pattern = has_wildcard(test.value)
            regions = directory.region_mask((test.region,) if test.region else ())
            rows["resource_test"].append(
                (
                    len(rows["resource_test"]),
                    owner,
                    test.value,
                    is_pattern,
                    like(test.value) if is_pattern else "",
                    _prefix(test.value) if is_pattern else "",
                    like(test.account or "*"),
                    regions,
                    like(test.service or "*"),
                )
            )
    rows["tag_test"] += [
        (owner, key, like(value) if has_wildcard(value) else value, has_wildcard(value))
        for key, value in sorted(named.tag.items())
    ]


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
