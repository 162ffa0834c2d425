"""Cells by account and kind: which of them a scope reaches."""

from __future__ import annotations

import numpy as np

from governance.reconciliation.matching.arrays import Array, spread
from governance.reconciliation.matching.ground import Applies, Ground

_AT_ONCE = 2**17


class Grid:
    """Orders cells by account and kind. `order`: the cell at each place, None: they are in that order."""

    @staticmethod
    def of_cells(ground: Ground) -> Grid:
        """Return the grid of all cells."""
        cells = ground.facts.cells
        return Grid(cells.account, ground.kind[cells.deployment], ground.kinds)

    def __init__(self, account: Array, kind: Array, kinds: int) -> None:
        self.kinds = kinds
        wide = len(account) and (int(account.max()) + 1) * kinds >= 2**31
        keys = account.astype("int64" if wide else "int32") * kinds
        keys += kind
        self.order: Array | None = None
        # mostly they are in order already, since names of rules begin as rules do
        if len(keys) > 1 and not bool(np.all(keys[:-1] <= keys[1:])):
            self.order = np.argsort(keys, kind="stable")
            keys = keys[self.order]
        self._keys = keys
        self._first = _first(keys)

    def _before(self, wanted: Array) -> Array:
        """Return how many cells have smaller keys than these."""
        if self._first is None:
            return np.searchsorted(self._keys, wanted)
        found: Array = self._first[np.minimum(wanted, len(self._first) - 1)]
        return found

    def reached(self, owner: dict[str, Array], owners: Array, applies: Applies) -> tuple[Array, Array]:
        """Return the cells in the places and of the kinds of these owners: which of them, and the cell."""
        which, account = applies.accounts_of(owner["place_set"][owners])
        sets = owner["kind_set"][owners[which]]
        named, whole = np.flatnonzero(~applies.any_kind[sets]), np.flatnonzero(applies.any_kind[sets])
        of, place = spread(applies.kind_start[sets[named]], applies.kind_start[sets[named] + 1])
        named = named[of]
        first = np.concatenate(
            (account[named] * self.kinds + applies.kinds[place], account[whole] * self.kinds)
        )
        last = first + np.repeat((1, self.kinds), (len(named), len(whole)))
        of, place = spread(self._before(first), self._before(last))
        return which[np.concatenate((named, whole))[of]], self.at(place)

    def pairs(self, account: Array, kind: Array) -> tuple[Array, Array]:
        """Return the cells of each pair of account and kind: which pair, and the cell."""
        keys = account * self.kinds + kind
        which, place = spread(self._before(keys), self._before(keys + 1))
        return which, self.at(place)

    def at(self, places: Array) -> Array:
        """Return the cells at these places of the order."""
        return places if self.order is None else self.order[places]


def _first(keys: Array) -> Array | None:
    """Return how many keys are smaller than each number up to the last; None where few of these occur."""
    size = int(keys[-1]) + 2 if len(keys) else 1
    if size > 4 * len(keys) + 1:
        return None
    first = np.empty(size, dtype="int32" if len(keys) < 2**31 else "int64")
    for begin in range(0, size, _AT_ONCE):  # temporary arrays this small cost no new memory
        end = min(begin + _AT_ONCE, size)
        lower, upper = np.searchsorted(keys, (begin, end))
        counts = np.bincount(keys[lower:upper] - begin, minlength=end - begin)
        first[begin:end] = lower + np.cumsum(counts) - counts
    return first
