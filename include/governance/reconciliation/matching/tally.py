"""What the join adds up to: how much each exception covers, and who wins each non-compliant item."""

from __future__ import annotations

import numpy as np
import pandas as pd

from governance.reconciliation.compiled import ACTIVE, EXPIRED, Compiled
from governance.reconciliation.matching.arrays import NOTHING, Array
from governance.reconciliation.matching.collapse import Collapsed
from governance.reconciliation.matching.ground import Ground

NONE = np.iinfo("int32").max
"""Stands for no exception where a rank is expected; every rank is smaller."""
NEVER = -(2**62)
"""Stands for no end where microseconds are expected."""
COUNTS = ("matched", "assessed", "covered", "stale")


class Tally:
    """Counts per exception; and per non-compliant row, collapsed items behind them, the best ranks.

    `active`, `expired`: the smallest rank among the exceptions of that phase that cover it, or NONE; `ends`:
    the latest end of active ones in microseconds since 1970 (UTC).
    """

    def __init__(self, compiled: Compiled, ground: Ground, collapsed: Collapsed) -> None:
        self._columns = compiled.columns
        self._rank = compiled.columns.rank.astype("int32")
        self._exceptions = compiled.exceptions
        self._counts = {name: np.zeros(compiled.exceptions, dtype="int64") for name in COUNTS}
        self.rows = len(ground.facts.bad.row)
        size = self.rows + len(collapsed.item["item"])
        self.active = np.full(size, NONE, dtype="int32")
        self.expired = np.full(size, NONE, dtype="int32")
        self.ends = np.full(size, NEVER, dtype="int64")
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
        phase = self._columns.phase[scope]
        active, expired = np.flatnonzero(phase == ACTIVE), np.flatnonzero(phase == EXPIRED)
        np.minimum.at(self.active, item[active], self._rank[scope[active]])
        np.maximum.at(self.ends, item[active], self._columns.ends[scope[active]])
        np.minimum.at(self.expired, item[expired], self._rank[scope[expired]])

    def count(self, exception: Array, **counts: Array) -> None:
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
        of_rank[self._rank] = self._columns.exception
        winners = self.active[fresh & (self.active != NONE)]
        won = np.bincount(of_rank[winners], minlength=self._exceptions)
        fits = np.flatnonzero(self._counts["matched"])
        found = {name: values[fits] for name, values in self._counts.items()}
        return pd.DataFrame({"exception": fits, **found, "won": won[fits]})
