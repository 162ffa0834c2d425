"""What evidence there is for each scope: its places, the resources it names, tags that are not known."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from governance.reconciliation.compiled import NO_CONDITION, Compiled
from governance.reconciliation.frames import rows
from governance.reconciliation.matching.arrays import Array
from governance.reconciliation.matching.ground import Applies, Ground
from governance.reconciliation.matching.rows import Named, Reach, Rows


class ScopeEvidence:
    """Gathered while scopes are matched."""

    def __init__(self, compiled: Compiled, ground: Ground, applies: Applies, rows: Rows) -> None:
        self._compiled, self._ground, self._applies, self._rows = compiled, ground, applies, rows
        self._count = compiled.count
        self._seen = np.zeros(self._count, dtype=bool)
        self._untagged = np.zeros(self._count, dtype="int64")
        asks = compiled.owner["condition"] != NO_CONDITION
        self._by_tags = asks[: self._count].copy()
        self._by_tags[compiled.excluded_from[asks[self._count :]]] = True

    @cached_property
    def _some_unknown(self) -> bool:
        return bool((self._rows.tags.of_resource < 0).any())

    def note(self, named: Named, reach: Reach) -> None:
        """Take note of the resources that scopes name, and of the cells of those that need rows."""
        self._seen[named.owner[named.owner < self._count]] = True
        if self._some_unknown:
            for part in reach.at(self._by_tags[reach.scope]).parts():
                which, resource = self._rows.listed(part, named, with_tags=False)
                unknown = self._rows.tags.of_resource[resource] < 0
                self._untagged += np.bincount(part.scope[which[unknown]], minlength=self._count)

    def table(self) -> pd.DataFrame:
        """Return one row per scope: scope, has_place, gap, seen, untagged.

        has_place: a place of an account that holds resources is in it; gap: a place in it without fresh
        evidence, in words, None: there is none; seen: one of the resources it names shows somewhere in its
        accounts; untagged: rows in it whose tags were not collected, while it or an exclusion names tags.
        """
        places = self._ground.directory.evidence.places
        needed = np.flatnonzero(places.needed.to_numpy(dtype=bool))
        missing = needed[~places.fresh.to_numpy(dtype=bool)[needed]]
        mask = self._compiled.owner["mask"][: self._count]
        sets = self._compiled.owner["place_set"][: self._count]
        found = {
            "scope": np.arange(self._count),
            "has_place": self._bits(needed)[sets] & mask != 0,
            "gap": self._gaps(places, missing, self._bits(missing)[sets] & mask),
            "seen": self._seen,
            "untagged": self._untagged,
        }
        return pd.DataFrame(found)

    def _bits(self, chosen: Array) -> Array:
        """Return per set of places the bits of the regions in which some of these places are in it."""
        account, region = (side[chosen] for side in self._ground.place)
        by_account = np.zeros(len(self._ground.accounts), dtype="int64")
        np.bitwise_or.at(by_account, account, self._ground.bit[region])
        starts = self._applies.account_start
        found = np.zeros(len(starts) - 1, dtype="int64")
        some = np.flatnonzero(np.diff(starts))
        if len(some):
            found[some] = np.bitwise_or.reduceat(by_account[self._applies.accounts], starts[some])
        return found

    def _gaps(self, places: pd.DataFrame, missing: Array, lacks: Array) -> Array:
        """Return per scope the first of the missing places in it, in words."""
        found = np.full(self._count, None, dtype="object")
        scopes = np.flatnonzero(lacks)
        if not len(scopes):
            return found
        words = [f"{row.account} {row.region}: {row.reason}" for row in rows(places.iloc[missing])]
        order = np.array(sorted(range(len(words)), key=words.__getitem__))
        account, region = (side[missing][order] for side in self._ground.place)
        first = self._first_words(account, self._ground.bit[region])
        sets = self._compiled.owner["place_set"][scopes]
        best = np.full(len(scopes), len(words))
        for bit, numbers in first.items():
            best = np.where(lacks[scopes] & bit != 0, np.minimum(best, numbers[sets]), best)
        found[scopes] = [words[order[number]] for number in best]
        return found

    def _first_words(self, account: Array, bits: Array) -> dict[int, Array]:
        """Return per bit of a region, per set of places, the first missing place (by its number) in it."""
        starts, found = self._applies.account_start, {}
        some = np.flatnonzero(np.diff(starts))
        for bit in np.unique(bits).tolist():
            mine = np.flatnonzero(bits == bit)
            by_account = np.full(len(self._ground.accounts), len(account))
            np.minimum.at(by_account, account[mine], mine)
            found[bit] = np.full(len(starts) - 1, len(account))
            found[bit][some] = np.minimum.reduceat(by_account[self._applies.accounts], starts[some])
        return found
