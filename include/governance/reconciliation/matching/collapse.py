"""Items that show several times and count once: global resources, rules deployed twice, repeated rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import duckdb
import numpy as np

from governance import resources
from governance.reconciliation.matching.arrays import NOTHING, Array, holds, offsets
from governance.reconciliation.matching.facts import key
from governance.reconciliation.matching.grid import Grid
from governance.reconciliation.matching.ground import Ground

QUESTIONS = ("collapsed", "collapsed_items")
"""Files of `sql/reconciliation/` that find such items, in their order."""
_ITEM = ("item", "fresh", "nc_fresh", "nc_stale", "row", "resource", "cell")
_ITEM_CELL = ("cell", "account", "region", "deployment", "kind", "mask", "n", "fresh", "nc_fresh", "nc_stale")


@dataclass(frozen=True)
class Collapsed:
    """`cells`: those whose rows are collapsed. `item`: what they are collapsed to, in the order of
    `item_cell`, items that scopes of places and kinds cannot tell apart; `start`: where those of each begin.
    Columns of both as in `collapsed_items.sql`. `member`: the key of every row, and the place of its item."""

    cells: Array
    item: dict[str, Array]
    item_cell: dict[str, Array]
    start: Array
    member: tuple[Array, Array]
    grid: Grid

    @cached_property
    def is_bad(self) -> Array:
        """Of each item whether it is non-compliant, with fresh evidence or without."""
        found: Array = self.item["nc_fresh"].astype(bool) | self.item["nc_stale"].astype(bool)
        return found

    def has(self, cells: Array) -> Array:
        """Tell of each cell whether it is collapsed."""
        return holds(self.cells, cells)

    def items_of(self, cell: Array, resource: Array) -> Array:
        """Return the item (its place in `item`) that each of these rows is collapsed to."""
        keys, items = self.member
        found: Array = items[np.searchsorted(keys, key(cell, resource))]
        return found


def is_likely(ground: Ground) -> bool:
    """Tell whether any cell may be collapsed."""
    told = ground.deployments
    return ground.facts.has_repeated or bool((told.is_global | told.several).any())


def collapse(connection: duckdb.DuckDBPyConnection, ground: Ground) -> Collapsed:
    """Find what is collapsed. `connection` has the index, `deployment`, `region` and `stale_cell`."""
    for question in QUESTIONS:
        connection.execute(resources.sql(f"reconciliation/{question}.sql"))

    def read(rows: str) -> dict[str, Array]:
        found = connection.sql(rows).fetchnumpy()  # none: rows of compliant ones, regions of global ones
        return {name: np.ma.filled(values, -1) for name, values in found.items()}

    cells = read("SELECT cell FROM collapsed_cell ORDER BY cell")["cell"]
    item = read(f"SELECT {', '.join(_ITEM)} FROM collapsed_item ORDER BY cell, item")  # noqa: S608 (names of ours)
    item_cell = read(f"SELECT {', '.join(_ITEM_CELL)} FROM item_cell ORDER BY cell")  # noqa: S608 (names of ours)
    members = read("SELECT (cell::BIGINT << 32) | resource AS key, item FROM member ORDER BY key")
    order = np.argsort(item["item"])
    place = order[np.searchsorted(item["item"], members["item"], sorter=order)] if len(order) else NOTHING
    grid = Grid(item_cell["account"], item_cell["kind"], ground.kinds)
    return Collapsed(cells, item, item_cell, offsets(item_cell["n"]), (members["key"], place), grid)


def nothing(ground: Ground) -> Collapsed:
    """Return that nothing is collapsed."""
    item, item_cell = (dict.fromkeys(names, NOTHING) for names in (_ITEM, _ITEM_CELL))
    grid = Grid(NOTHING, NOTHING, ground.kinds)
    return Collapsed(NOTHING, item, item_cell, offsets(NOTHING), (NOTHING, NOTHING), grid)
