"""Cells of a snapshot, placed: their kind, the bit of their region, and whether their evidence is fresh."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from governance.reconciliation import frames
from governance.reconciliation.directory import Directory
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.facts import Array, Facts


def place_cells(facts: Facts, kinds: pd.DataFrame, directory: Directory, evidence: Evidence) -> pa.Table:
    """Return the table `placed_cell`. Grain: cell. `kinds` as `Directory.kind_table` gives them.

    Columns: cell, account and region (positions in the directory), kind, deployment, bit, n, nc, fresh, and
    collapsed: one item may show several times, as a global resource does in every region, or an item of a
    rule that is deployed twice under generated names, or one that parts hold twice.
    """
    account = _positions(facts.accounts, directory.accounts)[facts.account]
    region = _positions(facts.regions, directory.regions)[facts.region]
    kind = _column(kinds.kind, "int32")[facts.deployment]
    fresh = _fresh(directory, evidence)[account, region] & _column(kinds.sound, "bool")[facts.deployment]
    is_global = _column(kinds.is_global, "bool")[facts.deployment]
    collapsed = is_global | ~facts.is_whole | _deployed_twice(account, region, kind, kinds)
    return pa.table({
        "cell": np.arange(len(kind), dtype="int32"), "account": account, "region": region, "kind": kind,
        "deployment": facts.deployment, "bit": np.left_shift(1, region.astype("int64")), "n": facts.rows,
        "nc": facts.non_compliant, "fresh": fresh, "collapsed": collapsed,
    })  # fmt: skip


def bad_rows(facts: Facts, placed: pa.Table) -> pa.Table:
    """Return row, cell, fresh of the non-compliant rows that are an item of their own."""
    fresh, collapsed = (placed.column(name).to_numpy() for name in ("fresh", "collapsed"))
    single = ~collapsed[facts.bad_cell]
    row, cell = (
        (facts.bad_row, facts.bad_cell) if single.all() else (facts.bad_row[single], facts.bad_cell[single])
    )
    return pa.table({"row": row, "cell": cell, "fresh": fresh[cell]})


def _column(values: pd.Series, dtype: str) -> Array:
    return np.asarray(values.to_numpy(), dtype=dtype)


def _positions(values: list[str], among: list[str]) -> Array:
    """Return where each value is among others; -1 for a value that no cell has."""
    known = {value: position for position, value in enumerate(among)}
    return np.array([known.get(value, -1) for value in values], dtype="int32")


def _fresh(directory: Directory, evidence: Evidence) -> Array:
    """Tell per account and region (positions in the directory) whether evidence is fresh."""
    accounts = {account: position for position, account in enumerate(directory.accounts)}
    regions = {region: position for position, region in enumerate(directory.regions)}
    fresh = np.zeros((max(1, len(accounts)), max(1, len(regions))), dtype=bool)
    place: Any
    for place in frames.rows(evidence.places[evidence.places.fresh]):
        fresh[accounts[place.account], regions[place.region]] = True
    return fresh


def _deployed_twice(account: Array, region: Array, kind: Array, kinds: pd.DataFrame) -> Array:
    """Tell which cells share account, region and kind with another one."""
    several = _column(kinds.kind.duplicated(keep=False), "bool")
    among = np.zeros(int(_column(kinds.kind, "int64").max(initial=-1)) + 1, dtype=bool)
    among[_column(kinds.kind, "int64")[several]] = True
    found = np.zeros(len(kind), dtype=bool)
    where = np.flatnonzero(among[kind])
    keys = pd.DataFrame({"account": account[where], "region": region[where], "kind": kind[where]})
    found[where] = keys.duplicated(keep=False).to_numpy()
    return found
