"""The evaluations of a snapshot as numbers: cells, and which of their rows are non-compliant.

A cell is all evaluations of one account, region, deployed rule, creator and resource type. Observation sorts
the parts by just that and writes the columns dictionary-coded, so a cell is one run of rows with equal codes:
comparing small numbers finds it, and no text is looked at twice. Parts that are not sorted give the same
cells, only slower. Memory grows with cells and non-compliant rows (about 100 and 20 bytes each), not with
rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

KEYS = ("account", "rule", "region", "creator", "resource_type")
"""The columns that make a cell, in the order that parts are sorted by."""

THREADS = 2
"""Row groups read at the same time; each is about 10 MB while it is looked at."""

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Group:
    """One row group of one part. `first` is the number of its first row among all rows of the snapshot."""

    path: Path
    metadata: pq.FileMetaData
    number: int
    first: int
    rows: int
    opens_part: bool

    def read(self, columns: Sequence[str]) -> pa.Table:
        """Return columns of its rows, text as dictionary codes."""
        file = pq.ParquetFile(self.path, metadata=self.metadata, read_dictionary=list(columns))
        return file.read_row_group(self.number, columns=list(columns), use_threads=False)


def groups_of(parts: Sequence[Path]) -> list[Group]:
    """Return the row groups of all parts; rows are numbered through in this order."""
    found: list[Group] = []
    first = 0
    for path in parts:
        metadata = pq.read_metadata(path)
        for number in range(metadata.num_row_groups):
            rows = metadata.row_group(number).num_rows
            found.append(Group(path, metadata, number, first, rows, number == 0))
            first += rows
    return found


def coded(column: pa.ChunkedArray) -> tuple[Array, pa.Array]:
    """Return a dictionary-coded column as (code per row, text per code); NULL has the code past the last."""
    if column.num_chunks > 1:
        column = column.unify_dictionaries()
    array = column.combine_chunks()
    codes = array.indices
    if codes.null_count:
        codes = codes.fill_null(len(array.dictionary))
    return codes.to_numpy(zero_copy_only=False), array.dictionary


@dataclass(frozen=True)
class Facts:
    """What the keys say. Per run: its first row and its cell. Per cell, ordered by its keys: the positions of
    its account and region in `accounts` and `regions`, of (rule, creator, resource type) in `deployed`, its
    rows, its non-compliant rows, and `is_whole`: it is one run, so no item can show in it twice.
    """

    groups: list[Group]
    accounts: list[str]
    regions: list[str]
    deployed: pd.DataFrame
    run_first: Array
    run_cell: Array
    account: Array
    region: Array
    deployment: Array
    rows: Array
    non_compliant: Array
    is_whole: Array
    bad_row: Array
    bad_cell: Array

    @cached_property
    def run_rows(self) -> Array:
        """Rows of each run."""
        last = self.groups[-1] if self.groups else None
        return np.diff(self.run_first, append=last.first + last.rows if last else 0)

    def cell_of_rows(self, group: Group) -> Array:
        """Return the cell of each row of a group."""
        low, high = np.searchsorted(self.run_first, [group.first, group.first + group.rows])
        cells: Array = np.repeat(self.run_cell[low:high], self.run_rows[low:high])
        return cells

    def seen(self) -> pd.DataFrame:
        """Return the distinct account, region that any evaluation is of."""
        pairs = np.unique(self.account.astype("int64") * max(1, len(self.regions)) + self.region)
        place = [divmod(int(pair), max(1, len(self.regions))) for pair in pairs]
        found = [(self.accounts[account], self.regions[region]) for account, region in place]
        return pd.DataFrame(found, columns=["account", "region"]).astype("str")


def read(parts: Sequence[Path]) -> Facts:
    """Read the keys of all parts."""
    groups = groups_of(parts)
    words = _Words()
    with ThreadPoolExecutor(THREADS) as pool:
        runs = list(pool.map(words.runs, groups))
    values, ranks = words.sorted()
    keys = {
        name: ranks[name][np.concatenate([run.keys[name] for run in runs])] if runs else np.empty(0, "int64")
        for name in KEYS
    }
    return _assemble(groups, runs, values, keys)


@dataclass(frozen=True)
class _Runs:
    """Runs of one group: their first rows, lengths, codes; and the non-compliant rows with their run."""

    first: Array
    rows: Array
    keys: dict[str, Array]
    bad_row: Array
    bad_run: Array


class _Words:
    """Every text of the keys gets one code, whichever group or thread meets it first."""

    def __init__(self) -> None:
        self._codes: dict[str, dict[str | None, int]] = {name: {} for name in KEYS}
        self._lock = Lock()

    def runs(self, group: Group) -> _Runs:
        table = group.read((*KEYS, "compliance"))
        columns = {name: coded(table.column(name)) for name in KEYS}
        starts = _starts(group.rows, [codes for codes, _ in columns.values()])
        first = np.flatnonzero(starts)
        keys = {name: self._known(name, values)[codes[first]] for name, (codes, values) in columns.items()}
        compliance, words = coded(table.column("compliance"))
        bad = np.flatnonzero(compliance == words.index("NON_COMPLIANT").as_py())  # -1, no row, where absent
        run = np.cumsum(starts, dtype="int32")[bad] - 1
        return _Runs(group.first + first, np.diff(first, append=group.rows), keys, group.first + bad, run)

    def _known(self, name: str, values: pa.Array) -> Array:
        known, words = self._codes[name], [*values.to_pylist(), None]
        with self._lock:
            return np.array([known.setdefault(word, len(known)) for word in words], dtype="int64")

    def sorted(self) -> tuple[dict[str, list[str | None]], dict[str, Array]]:
        """Return per column the values in order, NULL first, and the position of each code in that order."""
        values, ranks = {}, {}
        for name, known in self._codes.items():
            ordered = sorted(known, key=lambda value: (value is not None, value or ""))
            rank = np.empty(len(known), dtype="int64")
            rank[[known[value] for value in ordered]] = np.arange(len(known))
            values[name], ranks[name] = ordered, rank
        return values, ranks


def _starts(rows: int, columns: list[Array]) -> Array:
    """Tell of each row whether any column differs from the row before."""
    starts = np.zeros(rows, dtype=bool)
    starts[:1] = True
    for codes in columns:
        starts[1:] |= codes[1:] != codes[:-1]
    return starts


def _assemble(
    groups: list[Group], runs: list[_Runs], values: dict[str, list[str | None]], keys: dict[str, Array]
) -> Facts:
    key = np.zeros(len(keys["account"]), dtype="int64")
    for name in KEYS:
        key = key * max(1, len(values[name])) + keys[name]
    first = _joined([run.first for run in runs], "int64")
    number, representative = _cells(key)
    rows = np.bincount(number, _joined([run.rows for run in runs], "int64")).astype("int64")
    offsets = np.cumsum([0, *(len(run.first) for run in runs)])
    bad_run = _joined([run.bad_run + offset for run, offset in zip(runs, offsets, strict=False)], "int64")
    bad_cell = number[bad_run]
    deployment, deployed = _deployed({name: keys[name][representative] for name in KEYS[1:]}, values)
    opens = np.isin(first, [group.first for group in groups if group.opens_part])
    goes_on = (np.diff(key, prepend=-1) == 0) & ~opens
    return Facts(
        groups, [str(one) for one in values["account"]], [str(one) for one in values["region"]], deployed,
        first, number, keys["account"][representative].astype("int32"),
        keys["region"][representative].astype("int32"), deployment, rows,
        np.bincount(bad_cell, minlength=len(rows)).astype("int64"),
        np.bincount(number[~goes_on], minlength=len(rows)) == 1,
        _joined([run.bad_row for run in runs], "int64"), bad_cell,
    )  # fmt: skip


def _joined(arrays: list[Array], dtype: str) -> Array:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype)


def _cells(key: Array) -> tuple[Array, Array]:
    """Return the cell of each run, and of each cell one run. Cells are in the order of their keys."""
    steps = np.diff(key, prepend=-1)
    if (steps >= 0).all():  # the parts are sorted: no need to
        return (np.cumsum(steps > 0) - 1).astype("int32"), np.flatnonzero(steps > 0)
    _, representative, number = np.unique(key, return_index=True, return_inverse=True)
    return number.astype("int32"), representative


def _deployed(keys: dict[str, Array], values: dict[str, list[str | None]]) -> tuple[Array, pd.DataFrame]:
    """Return of each cell the number of its (rule, creator, resource type), and these in order."""
    creators, types = (max(1, len(values[name])) for name in ("creator", "resource_type"))
    codes, found = pd.factorize((keys["rule"] * creators + keys["creator"]) * types + keys["resource_type"])
    order = np.argsort(found)
    place = np.empty(len(found), dtype="int32")
    place[order] = np.arange(len(found))
    rows = [
        (values["rule"][one // types // creators], values["creator"][one // types % creators],
         values["resource_type"][one % types]) for one in found[order].tolist()
    ]  # fmt: skip
    deployed = pd.DataFrame(rows, columns=["rule", "creator", "resource_type"], dtype="object")
    return place[codes] if len(found) else np.empty(0, "int32"), deployed
