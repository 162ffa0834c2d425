"""The tables that scopes are compiled to: their columns, and how they are filled.

What there is one of per scope is kept in lists, a list per column: a tuple per scope would keep the garbage
collector busy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from governance.reconciliation.directory import ALL_REGIONS
from governance.register.scope import Scope

_INT, _LONG, TEXT, _BOOL = pa.int32(), pa.int64(), pa.string(), pa.bool_()
OWNER = {"place_set": _INT, "kind_set": _INT, "mask": _LONG, "has_resource": _BOOL, "condition": _INT}
TABLES = {
    "scope": {"scope": _INT, **OWNER, "exception": _LONG, "rank": _LONG, "phase": TEXT, "ends": _LONG,
              "is_broad": _BOOL, "is_detailed": _BOOL},
    "exclusion": {"exclusion": _INT, **OWNER, "scope": _INT},
    "place_of": {"place_set": _INT, "place": TEXT},
    "kind_of": {"kind_set": _INT, "kind": _INT},
    "resource_test": {"owner": _INT, "value": TEXT, "is_pattern": _BOOL, "like": TEXT, "prefix": TEXT,
                      "account": TEXT, "mask": _LONG, "service": TEXT, "test": _INT},
    "tag_test": {"condition": _INT, "key": TEXT, "value": TEXT, "is_pattern": _BOOL},
}  # fmt: skip
"""Tables and their columns. `owner` is a scope (from 0) or an exclusion (from -1 downwards); `mask` the bits
of its regions; `condition` what it asks of tags, NULL: nothing; `is_detailed` a scope that has exclusions, or
is not the only one of its exception; `ends` is in microseconds since 1970 (UTC)."""


@dataclass
class Named:
    """Resources named by a plain id: the many tests that need no pattern and look at nothing else."""

    owner: list[int] = field(default_factory=list)
    value: list[str] = field(default_factory=list)

    def table(self, first: int) -> pa.Table:
        """Return them as rows of `resource_test`, numbered from `first`."""
        count = len(self.owner)
        same = {
            "is_pattern": False, "like": "", "prefix": "", "account": "%", "mask": ALL_REGIONS, "service": "%"
        }  # fmt: skip
        columns = {
            "owner": self.owner,
            "value": self.value,
            **{name: pa.repeat(pa.scalar(value), count) for name, value in same.items()},
            "test": np.arange(first, first + count),
        }
        kinds = TABLES["resource_test"]
        return pa.table({name: pa.array(columns[name], kind) for name, kind in kinds.items()})


@dataclass
class Owners:
    """What is told of each scope, a list per column."""

    place_set: list[int] = field(default_factory=list)
    kind_set: list[int] = field(default_factory=list)
    mask: list[int] = field(default_factory=list)
    has_resource: list[bool] = field(default_factory=list)
    condition: list[int | None] = field(default_factory=list)
    is_broad: list[bool] = field(default_factory=list)
    excludes: list[bool] = field(default_factory=list)
    place_level: list[int] = field(default_factory=list)
    rule_level: list[int] = field(default_factory=list)


@dataclass
class Compiled:
    """The scopes; `of`: per scope the index of its exception; rows or, of the long tables, columns."""

    scopes: list[Scope] = field(default_factory=list)
    of: list[int] = field(default_factory=list)
    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {name: [] for name in TABLES})
    columns: dict[str, Any] = field(default_factory=dict)
    named: Named = field(default_factory=Named)

    def tables(self) -> dict[str, pa.Table]:
        """Return each table with the columns that TABLES names."""
        found = {name: self._scope() if name == "scope" else self._table(name) for name in TABLES}
        tests = found["resource_test"]
        return {**found, "resource_test": pa.concat_tables([tests, self.named.table(len(tests))])}

    def _table(self, name: str) -> pa.Table:
        columns, rows = TABLES[name], self.rows[name]
        arrays = [
            pa.array([row[place] for row in rows], kind)  # zip(*rows) makes an object per row
            for place, kind in enumerate(columns.values())
        ]
        return pa.table(dict(zip(columns, arrays, strict=True)))

    def _scope(self) -> pa.Table:
        return pa.table({name: pa.array(self.columns[name], kind) for name, kind in TABLES["scope"].items()})
