"""Scopes that places and kinds decide, matched on cells and on what cells are collapsed to."""

from __future__ import annotations

import numpy as np

from governance.reconciliation.compiled import Compiled
from governance.reconciliation.matching.arrays import NOTHING, Array, spread
from governance.reconciliation.matching.collapse import Collapsed
from governance.reconciliation.matching.ground import Ground
from governance.reconciliation.matching.rows import Rows
from governance.reconciliation.matching.tally import COUNTS, Tally


class Broad:
    """Counts the cells that broad scopes fit, and notes their non-compliant items."""

    def __init__(
        self, compiled: Compiled, ground: Ground, collapsed: Collapsed, rows: Rows, tally: Tally
    ) -> None:
        self._owner, self._columns = compiled.owner, compiled.columns
        self._ground, self._cells, self._collapsed = ground, ground.facts.cells, collapsed
        self._rows, self._tally = rows, tally
        self._several = np.bincount(compiled.columns.exception, minlength=compiled.exceptions) > 1

    def match(self, scope: Array, cell: Array) -> Array:
        """Match scopes on the cells they reach; return the cells of exceptions that have several scopes."""
        keep = ~self._collapsed.has(cell)
        if self._columns.exclusions[-1]:
            account, kind = self._cells.account[cell], self._ground.kind[self._cells.deployment[cell]]
            keep &= self._ground.mask(cell) & ~self._rows.excluded_regions(scope, account, kind) != 0
        if not keep.all():
            scope, cell = scope[keep], cell[keep]
        first, n, nc = self._cells.first_bad[cell], self._cells.n[cell], self._cells.nc[cell]
        which, row = spread(first, first + nc)
        self._tally.hit(scope[which], row)
        once, keys = self._once(scope, cell)
        exception, fresh = self._columns.exception[scope[once]], self._ground.unless_all_fresh(cell[once])
        self._tally.count(exception, n[once], nc[once], fresh)
        return keys

    def match_items(self, scope: Array, place: Array) -> Array:
        """Match scopes on collapsed items, which may show in several regions; return as `match` does."""
        found = self._collapsed.item_cell
        mask = found["mask"][place] & self._owner["mask"][scope]
        mask &= ~self._rows.excluded_regions(scope, found["account"][place], found["kind"][place])
        scope, place = scope[mask != 0], place[mask != 0]
        which, item = spread(self._collapsed.start[place], self._collapsed.start[place + 1])
        bad = self._collapsed.is_bad[item]
        self._tally.hit(scope[which[bad]], self._tally.rows + item[bad])
        once, keys = self._once(scope, found["cell"][place])
        counts = (found[name][place[once]] for name in ("n", "fresh", "nc_fresh", "nc_stale"))
        self._tally.add(self._columns.exception[scope[once]], **dict(zip(COUNTS, counts, strict=True)))
        return keys

    def _once(self, scope: Array, cell: Array) -> tuple[Array | slice, Array]:
        """Return where each exception meets each cell first, and the cells of those with several scopes."""
        exception = self._columns.exception[scope]
        several = self._several[exception]
        if not several.any():
            return slice(None), NOTHING
        keys = self.taken(exception, cell)
        return np.unique(keys, return_index=True)[1], keys[several]

    def taken(self, exception: Array, cell: Array) -> Array:
        """Return exception and cell as one number."""
        found: Array = exception * (len(self._cells.n) + len(self._collapsed.item["item"]) + 1) + cell
        return found
