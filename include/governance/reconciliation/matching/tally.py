"""What the join adds up to: how much each exception covers, and who wins each non-compliant item."""

from __future__ import annotations

import numpy as np
import pandas as pd

from governance.reconciliation.compiled import ACTIVE, UPCOMING, Compiled
from governance.reconciliation.matching.arrays import NOTHING, Array
from governance.reconciliation.matching.collapse import Collapsed
from governance.reconciliation.matching.ground import Ground

NONE = np.iinfo("int32").max
"""Stands for no exception where the best one is told; all others are smaller."""
FIRST_ACTIVE = np.iinfo("int32").min
"""The best of all: the active one of rank 0. Expired ones stand behind all active ones, by their rank."""
NEVER = -1
COUNTS = ("matched", "assessed", "covered", "stale")


class Tally:
    """Counts per exception; and per non-compliant row, collapsed items behind them, which one is the best.

    `best`: FIRST_ACTIVE plus the smallest rank of the active exceptions that cover it; if there is none, the
    smallest rank of expired ones; or NONE. `ending`: the latest end of active ones, or NEVER.
    """

    def __init__(self, compiled: Compiled, ground: Ground, collapsed: Collapsed) -> None:
        columns = compiled.columns
        self._exception, self._phase, self._rank = columns.exception, columns.phase, columns.rank
        self._exceptions = compiled.exceptions
        self._counts = {name: np.zeros(compiled.exceptions, dtype="int64") for name in COUNTS}
        active = np.where(columns.phase == ACTIVE, FIRST_ACTIVE, 0)
        self._worth = (columns.rank + active).astype("int32")
        self._ending = columns.ending
        self.rows = len(ground.facts.bad.row)
        size = self.rows + len(collapsed.item["item"])
        self.best = np.full(size, NONE, dtype="int32")
        self.ending = np.full(size, NEVER, dtype="int32")
        self._heeded: Array | None = None
        self._met: list[tuple[Array, Array]] = [(NOTHING, NOTHING)]

    def heed(self, items: Array) -> None:
        """Remember from now on which scopes fit these items (a flag for each)."""
        self._heeded = items

    @property
    def met(self) -> tuple[Array, Array]:
        """Scope and item (its place) of what was to be remembered."""
        scope, item = zip(*self._met, strict=True)
        return np.concatenate(scope), np.concatenate(item)

    def hit(self, scope: Array, item: Array) -> None:
        """Note that these scopes fit these items: the place of a non-compliant row, or behind them."""
        if self._heeded is not None:
            heeded = self._heeded[item]
            self._met.append((scope[heeded], item[heeded]))
        phase = self._phase[scope]
        begun = phase != UPCOMING
        if not begun.all():
            scope, item, phase = scope[begun], item[begun], phase[begun]
        np.minimum.at(self.best, item, self._worth[scope])
        active = phase == ACTIVE
        if not active.all():
            scope, item = scope[active], item[active]
        np.maximum.at(self.ending, item, self._ending[scope])

    def count(self, exception: Array, n: Array, bad: Array, fresh: Array | None) -> None:
        """Count rows: how many there are, how many are non-compliant, and whether fresh (None: all are)."""
        if fresh is None:
            self.add(exception, matched=n, covered=bad)
            self.add(exception, assessed=n)
        else:
            self.add(exception, matched=n, assessed=n * fresh, covered=bad * fresh, stale=bad * ~fresh)

    def add(self, exception: Array, **counts: Array) -> None:
        """Add to the counts of exceptions; one that occurs several times gets the sum."""
        if not len(exception):
            return
        first = int(exception.min())
        near = exception - first
        for name, values in counts.items():
            added = np.bincount(near, weights=values)  # doubles count exactly up to 2 ** 53
            self._counts[name][first : first + len(added)] += added.astype("int64")

    def counts(self, fresh: Array) -> pd.DataFrame:
        """Return the counts of each exception that fits anything. `fresh`: per item, whether its evidence is.

        Columns: exception, matched, assessed, covered, stale, won.
        """
        of_rank = np.zeros(int(self._rank.max(initial=-1)) + 1, dtype="int64")
        of_rank[self._rank] = self._exception
        winners = self.best[fresh & (self.best < 0)].astype("int64") - FIRST_ACTIVE
        won = np.bincount(of_rank[winners], minlength=self._exceptions)
        fits = np.flatnonzero(self._counts["matched"])
        found = {name: values[fits] for name, values in self._counts.items()}
        return pd.DataFrame({"exception": fits, **found, "won": won[fits]})
