"""What the deviations add up to, group by group, without naming one: the same items give the same sums.

What differs in one item differs in them. Names are hashed once each, and stand for themselves in every
snapshot: numbers of accounts and resources change from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from governance.reconciliation.matching.arrays import Array
from governance.reconciliation.matching.ground import Ground
from governance.reconciliation.matching.outcome import Outcome

_SPREAD = [np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)]
"""Odd numbers whose bits look random: what is multiplied with them is spread over all bits."""
_GLOBAL = "global"


@dataclass(frozen=True)
class Sums:
    """Per group an entry: the number of its deployed rule, the rank of the expired scope that covered it last
    (`tally.NONE`: none did), how many items, and the sum and the parity of their hashes."""

    deployment: Array
    expired: Array
    items: Array
    total: Array
    parity: Array


def sums(connection: duckdb.DuckDBPyConnection, outcome: Outcome, ground: Ground) -> Sums:
    """Add the deviations up, per deployed rule and expired scope; `connection` only lends its hash."""
    cell, resource, expired = outcome.deviations()
    account, region, deployment = outcome.cells_of(cell)
    names = pa.array(ground.accounts, pa.large_string())
    regions = pa.array([*ground.regions, _GLOBAL], pa.large_string())  # region -1 is the last
    item = _mixed(_hashes(connection, names)[account], _hashes(connection, regions)[region])
    item = _mixed(item, _resource_hashes(connection, ground, resource))
    group = (deployment.astype("int64") << 32) | expired
    order = np.argsort(group, kind="stable")
    ordered, items = group[order], item[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    first = ordered[starts]
    return Sums(
        deployment=first >> 32,
        expired=first & 0xFFFFFFFF,
        items=np.diff(starts, append=len(ordered)),
        total=np.add.reduceat(items, starts) if len(starts) else items,
        parity=np.bitwise_xor.reduceat(items, starts) if len(starts) else items,
    )


def _resource_hashes(connection: duckdb.DuckDBPyConnection, ground: Ground, resource: Array) -> Array:
    """Return the hash of the name of each of these resources, which may name one many times."""
    resources = ground.facts.resources
    there = np.zeros(len(resources.grp), dtype=bool)
    there[resource] = True
    met = np.flatnonzero(there)
    by_number = np.zeros(len(there), dtype="uint64")
    by_number[met] = _hashes(connection, resources.ids(met).cast(pa.large_string()))
    found: Array = by_number[resource]
    return found


def _hashes(connection: duckdb.DuckDBPyConnection, names: pa.Array) -> Array:
    """Return the hash of each name; DuckDB answers in any order."""
    connection.register("named", pa.table({"place": np.arange(len(names)), "name": names}))
    found = connection.sql("SELECT place, hash(name) AS hash FROM named").fetchnumpy()
    connection.unregister("named")
    hashes = np.zeros(len(names), dtype="uint64")
    hashes[found["place"]] = found["hash"]
    return hashes


def _mixed(one: Array, other: Array) -> Array:
    """Return a hash of both, for which their order counts."""
    mixed = one ^ (other * _SPREAD[0])
    mixed ^= mixed >> np.uint64(29)
    mixed *= _SPREAD[1]
    mixed ^= mixed >> np.uint64(32)
    return mixed
