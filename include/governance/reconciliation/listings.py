"""The listings of a snapshot that additions and changes are held against, as tables of DuckDB.

Tables are called `listed_` and the name of the dataset. A listing that is older than its limit, missing or
altered counts for nothing and leaves its table empty; one that AWS cut short keeps its rows, because what is
there is there, and proves nothing about what it does not show. `gaps` says so in words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from governance.reconciliation import frames
from governance.reconciliation.evidence import Evidence

_TEXT, _AT = "VARCHAR", "TIMESTAMPTZ"
COLUMNS: dict[str, dict[str, str]] = {
    "organizations/accounts": dict.fromkeys(("account", "name", "email", "state", "units"), _TEXT)
    | {"joined_at": _AT},
    "organizations/units": dict.fromkeys(("unit", "name", "parent", "path"), _TEXT),
    "organizations/policies": dict.fromkeys(("policy", "name", "type", "content_sha256"), _TEXT)
    | {"aws_managed": "BOOLEAN"},
    "organizations/policy_targets": dict.fromkeys(("policy", "target", "target_type"), _TEXT),
    "config/rules": dict.fromkeys(("account", "rule", "creator", "source_identifier", "state"), _TEXT),
    "config/rule_status": {"rule": _TEXT, "last_evaluated_at": _AT, "last_failed_at": _AT, "error": _TEXT},
    "config/organization_rules": dict.fromkeys(
        ("rule", "source_identifier", "status", "error", "excluded_accounts"), _TEXT
    ),
    "controltower/enabled_controls": dict.fromkeys(
        ("arn", "control", "target", "status", "drift", "inheritance_drift", "resource_drift", "parameters",
         "regions", "parent"), _TEXT
    ),
    "controltower/enabled_baselines": dict.fromkeys(("target", "status", "inheritance_drift"), _TEXT),
    "controltower/control_operations": dict.fromkeys(
        ("operation", "type", "status", "message", "control", "target", "enabled_control"), _TEXT
    )
    | {"started_at": _AT, "ended_at": _AT},
    "servicecatalog/provisioned_products": dict.fromkeys(
        ("product_id", "name", "arn", "type", "status", "message", "physical_id", "of_product", "artifact",
         "product_name", "artifact_name"),
        _TEXT,
    )
    | {"created_at": _AT},
    "servicecatalog/records": dict.fromkeys(
        ("record", "type", "status", "product_id", "name", "errors"), _TEXT
    )
    | {"created_at": _AT, "updated_at": _AT},
    "ssm/ops_items": dict.fromkeys(("ops_item", "type", "title", "status"), _TEXT)
    | {"actual_start": _AT, "actual_end": _AT},
    "ssm/automation_executions": dict.fromkeys(
        ("execution", "document", "status", "by", "change_request", "ops_item", "runbooks", "targets"),
        _TEXT,
    )
    | {"started_at": _AT, "ended_at": _AT},
    "ssm/documents": dict.fromkeys(
        ("document", "type", "default_version", "status", "hash", "owner"), _TEXT
    )
    | {"created_at": _AT},
}  # fmt: skip
"""Dataset -> the columns that are read here; others are left where they are. All times are UTC."""

_JSON = {"parameters", "regions", "excluded_accounts", "runbooks", "targets"}


@dataclass(frozen=True)
class Listings:
    """`as_of` is the instant of the snapshot; `gaps` says of each dataset what is missing, None: nothing.

    `at` says when a dataset was listed that the snapshot took over from an earlier one.
    """

    snapshot_id: str
    as_of: datetime
    gaps: dict[str, str | None]
    frames: dict[str, pd.DataFrame] = field(repr=False)
    at: dict[str, datetime] = field(default_factory=dict)

    def gap(self, *datasets: str) -> str | None:
        """Return what is missing of the first of these that is not complete, in words."""
        found = (f"{name}: {words}" for name in datasets if (words := self.gaps[name]))
        return next(found, None)

    def looked_at(self, *datasets: str) -> datetime:
        """Return since when what is absent from any of these may be there: the oldest was listed then."""
        return min((self.at[name] for name in datasets if name in self.at), default=self.as_of)

    @cached_property
    def unit_paths(self) -> dict[str, str]:
        """The names of the unit of each account, below the root."""
        units, accounts = self.frames["organizations/units"], self.frames["organizations/accounts"]
        paths = dict(zip(units.unit, units.path, strict=True))
        of_chain = {
            chain: paths.get(chain.rpartition("/")[2], "") for chain in accounts.units.dropna().unique()
        }
        placed = zip(accounts.account.tolist(), accounts.units.tolist(), strict=True)
        return {account: of_chain[chain] for account, chain in placed if chain in of_chain}


def read(known: Evidence, since: Mapping[str, datetime]) -> Listings:
    """Read the listings of an opened snapshot. `since`: service -> the instant from which evidence counts."""
    gaps: dict[str, str | None] = {}
    found: dict[str, pd.DataFrame] = {}
    at: dict[str, datetime] = {}
    for name, columns in COLUMNS.items():
        rows = list(frames.rows(known.told(name)))
        gaps[name], fresh = _gap(rows, known.files, since[name.split("/")[0]])
        oldest = min((row.evidence_at for row in rows if not pd.isna(row.evidence_at)), default=known.as_of)
        if oldest < known.as_of:
            at[name] = oldest
        found[name] = _nothing(name)
        if fresh:
            whole = pd.concat([frames.read(known.files[path]) for path in fresh])
            found[name] = normalised(whole.reindex(columns=list(columns)))
    return Listings(known.snapshot_id, known.as_of, gaps, found, at)


@cache
def _nothing(dataset: str) -> pd.DataFrame:
    """Return a listing without rows: to make one takes longer than to see that it is empty."""
    return pd.DataFrame(columns=list(COLUMNS[dataset]))


def _gap(rows: list[Any], files: Mapping[str, Path], since: datetime) -> tuple[str | None, list[str]]:
    """Return what is missing of a dataset, and the files that count."""
    told = [(_gap_of(row, files, since), row.path) for row in rows]
    fresh = {str(path) for words, path in told if path in files and words != _OLD}
    gaps = [words for words, _ in told if words]
    return ("not observed" if not told else gaps[0] if gaps else None), sorted(fresh)


_OLD = "evidence older than its limit"


def _gap_of(row: Any, files: Mapping[str, Path], since: datetime) -> str | None:
    if pd.isna(row.evidence_at) or row.evidence_at < since:
        return _OLD
    if row.status != "COMPLETE":
        return f"{row.status}: {row.message or 'no reason given'}"
    return None if row.path in files else "its file is missing or changed"


def normalised(rows: pd.DataFrame) -> pd.DataFrame:
    """Write JSON in one way, so that equal values are equal texts."""
    for name in _JSON & set(rows.columns):
        rows[name] = rows[name].map(normal_json, na_action="ignore")
    return rows


def normal_json(text: str) -> str:
    """Return JSON text with sorted keys and sorted lists: neither order means anything in AWS's parameters.

    >>> normal_json('{"b": ["y", "x"], "a": 1}')
    '{"a": 1, "b": ["x", "y"]}'
    """
    return json.dumps(_sorted(json.loads(text)), sort_keys=True, ensure_ascii=False)


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(map(_sorted, value), key=lambda one: json.dumps(one, sort_keys=True))
    if isinstance(value, dict):
        return {name: _sorted(inner) for name, inner in value.items()}
    return value


def create(connection: duckdb.DuckDBPyConnection, listings: Listings) -> None:
    """Create the tables, empty ones too, and `gap` (dataset, words)."""
    for name, columns in COLUMNS.items():
        store(connection, f"listed_{name.split('/')[1]}", listings.frames[name], columns)
    gaps = pd.DataFrame(list(listings.gaps.items()), columns=["dataset", "words"])
    store(connection, "gap", gaps, {"dataset": _TEXT, "words": _TEXT})


_TYPES: dict[str, pa.DataType] = {
    "VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "BIGINT": pa.int64(), "VARCHAR[]": pa.list_(pa.string()),
    _AT: pa.timestamp("us", tz="UTC"),
}  # fmt: skip


def store(
    connection: duckdb.DuckDBPyConnection, table: str, rows: pd.DataFrame, columns: Mapping[str, str]
) -> None:
    """Put a table of these columns (name -> type) in place of the last one; missing values become NULL."""
    types = {name: _TYPES[kind] for name, kind in columns.items()}
    filled = pa.schema(types.items()).empty_table()
    if len(rows):
        filled = pa.table({name: _column(rows[name], kind) for name, kind in types.items()})
    connection.register(table, filled)


def _column(values: pd.Series, kind: pa.DataType) -> pa.Array:
    """Return values as what they are; of a column that holds nothing, pandas does not know."""
    if values.isna().all():
        return pa.nulls(len(values), kind)
    return pa.array(values, kind, from_pandas=True)
