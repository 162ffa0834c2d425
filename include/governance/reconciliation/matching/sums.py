"""What the deviations add up to, group by group, without naming one: the same items give the same sums.

What differs in one item differs in them. Names are hashed once each, and stand for themselves in every
snapshot: numbers of accounts and resources change from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from governance.reconciliation.matching.arrays import Array, dense
from governance.reconciliation.matching.ground import Ground
from governance.reconciliation.matching.outcome import Outcome
from governance.reconciliation.matching.tally import NEVER, NONE

_SPREAD = [np.uint64(odd) for odd in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)]
"""Odd numbers whose bits look random: what is multiplied with them is spread over all bits."""
_GLOBAL = "global"
AT_ONCE = 2**17
"""So many items are hashed at once: arrays this small stay in the cache, and cost no new memory."""


@dataclass(frozen=True)
class Sums:
    """Per group an entry: the number of its deployed rule, the rank of the expired scope that covered it last
    (`tally.NEVER`: none did), how many items, and the sum and the parity of their hashes."""

    deployment: Array
    expired: Array
    items: Array
    total: Array
    parity: Array


def sums(connection: duckdb.DuckDBPyConnection, outcome: Outcome, ground: Ground) -> Sums:
    """Add the deviations up, per deployed rule and expired scope; `connection` only lends its hash."""
    cell, resource, expired = outcome.deviations()
    names = _Names(connection, ground, resource)
    ranks, rank = dense(np.where(expired == NONE, NEVER, expired) - NEVER)
    groups, group = dense(outcome.cells_of(cell)[2].astype("int64") * len(ranks) + rank)
    total, parity = np.zeros((2, len(groups)), dtype="uint64")
    for begin in range(0, len(cell), AT_ONCE):
        some = slice(begin, begin + AT_ONCE)
        item = names.hashes(outcome.cells_of(cell[some]), resource[some])
        np.add.at(total, group[some], item)
        np.bitwise_xor.at(parity, group[some], item)
    return Sums(
        deployment=groups // max(len(ranks), 1),
        expired=ranks[groups % max(len(ranks), 1)] + NEVER,
        items=np.bincount(group, minlength=len(groups)),
        total=total,
        parity=parity,
    )


class _Names:
    """Hashes of the names of accounts, regions (-1: the last, of what is global) and resources, by number."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, ground: Ground, resource: Array) -> None:
        self._account = _hashes(connection, pa.array(ground.accounts, pa.large_string()))
        self._region = _hashes(connection, pa.array([*ground.regions, _GLOBAL], pa.large_string()))
        resources = ground.facts.resources
        there = np.zeros(len(resources.grp), dtype=bool)
        there[resource] = True
        met = np.flatnonzero(there)
        self._resource = np.zeros(len(there), dtype="uint64")
        self._resource[met] = _hashes(connection, resources.ids(met).cast(pa.large_string()))

    def hashes(self, cells: tuple[Array, Array, Array], resource: Array) -> Array:
        """Return the hash of each item: of its account, region and resource."""
        account, region, _ = cells
        return _mixed(_mixed(self._account[account], self._region[region]), self._resource[resource])


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
