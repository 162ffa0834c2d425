"""Cells by account and kind: which of them a scope reaches."""

from __future__ import annotations

import numpy as np

from governance.reconciliation.matching.arrays import Array, bounds, offsets, spread
from governance.reconciliation.matching.ground import Applies


class Grid:
    """Orders cells by account and kind. `order`: the cell at each place, None: they are in that order."""

    def __init__(self, account: Array, kind: Array, kinds: int) -> None:
        self.kinds = kinds
        keys = account.astype("int64") * kinds + kind
        self.order: Array | None = None
        # mostly they are in order already, since names of rules begin as rules do
        if len(keys) > 1 and not bool(np.all(keys[:-1] <= keys[1:])):
            self.order = np.argsort(keys, kind="stable")
            keys = keys[self.order]
        self._keys = keys
        self._first = _first(keys)

    def _ranges(self, wanted: Array) -> tuple[Array, Array]:
        """Return where the cells with these keys begin and end."""
        if self._first is None:
            return bounds(self._keys, wanted)
        inside = np.minimum(wanted, len(self._first) - 2)
        first, last = self._first[inside], self._first[inside + 1]
        return first, np.where(inside == wanted, last, first)

    def reached(self, owner: dict[str, Array], owners: Array, applies: Applies) -> tuple[Array, Array]:
        """Return the cells in the places and of the kinds of these owners: which of them, and the cell."""
        which, account = applies.accounts_of(owner["place_set"][owners])
        sets = owner["kind_set"][owners[which]]
        named, whole = np.flatnonzero(~applies.any_kind[sets]), np.flatnonzero(applies.any_kind[sets])
        of, place = spread(applies.kind_start[sets[named]], applies.kind_start[sets[named] + 1])
        named = named[of]
        lower, upper = self._ranges(account[named] * self.kinds + applies.kinds[place])
        begin = account[whole] * self.kinds
        first = np.concatenate((lower, np.searchsorted(self._keys, begin)))
        last = np.concatenate((upper, np.searchsorted(self._keys, begin + self.kinds)))
        of, place = spread(first, last)
        return which[np.concatenate((named, whole))[of]], self.at(place)

    def pairs(self, account: Array, kind: Array) -> tuple[Array, Array]:
        """Return the cells of each pair of account and kind: which pair, and the cell."""
        which, place = spread(*self._ranges(account * self.kinds + kind))
        return which, self.at(place)

    def at(self, places: Array) -> Array:
        """Return the cells at these places of the order."""
        return places if self.order is None else self.order[places]


def _first(keys: Array) -> Array | None:
    """Return where each key up to the last begins, and the end; None where most of them do not occur."""
    size = int(keys[-1]) + 1 if len(keys) else 1
    return offsets(np.bincount(keys, minlength=size)) if size <= 4 * len(keys) + 1 else None
