"""Which tag sets hold the tags that a condition asks for."""

from __future__ import annotations

import numpy as np

from governance.reconciliation.compiled import Compiled
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.matching.arrays import Array
from governance.reconciliation.matching.facts import Facts
from governance.register.patterns import has_wildcard, matches


class Tags:
    """The answers, a bit per condition and tag set. `of_resource` -1: its tags are not known."""

    def __init__(self, compiled: Compiled, facts: Facts, evidence: Evidence) -> None:
        known = facts.resources.tag_set
        self.of_resource: Array = known if evidence.tags_are_known else np.full(len(known), -1, dtype="int32")
        sets = evidence.tag_sets.tag_set.to_numpy(dtype="int64")
        size = int(max(sets.max(initial=-1), known.max(initial=-1))) + 1
        asked = {key for condition in compiled.sets.conditions for key, _ in condition}
        valued = _valued(evidence, asked, sets)
        conditions = compiled.sets.conditions
        bits = np.zeros((len(conditions), size // 8 + 1), dtype="uint8")
        self._width = np.min_scalar_type(-bits.size).type(bits.shape[1])  # wide enough for a place
        for number, condition in enumerate(conditions):
            fits = np.ones(size + 1, dtype=bool)
            fits[0] = False  # the first bit of a row stands for unknown tags
            for key, value in condition:
                fits[1:] &= _fitting(valued[key], value, size)
            bits[number] = np.packbits(fits, bitorder="little")
        self._bits = bits.ravel()

    def fit(self, condition: Array, resource: Array) -> Array:
        """Tell of each pair whether the resource has the tags; not if they are not known."""
        slot = self.of_resource[resource] + 1
        bits = self._bits[condition * self._width + (slot >> 3)] >> (slot & 7).astype("uint8")
        found: Array = (bits & 1).view(bool)
        return found


Valued = dict[str, list[int]]


def _valued(evidence: Evidence, asked: set[str], sets: Array) -> dict[str, Valued]:
    """Return by key and value the tag sets that hold it, of the keys that are asked for."""
    found: dict[str, Valued] = {key: {} for key in asked}
    if asked:
        keys, values = evidence.tag_sets.key.tolist(), evidence.tag_sets.value.tolist()
        for number, key, value in zip(sets.tolist(), keys, values, strict=True):
            if key in asked:
                found[key].setdefault(value, []).append(number)
    return found


def _fitting(valued: Valued, value: str, size: int) -> Array:
    fits = np.zeros(size, dtype=bool)
    if has_wildcard(value):
        for name, sets in valued.items():
            if matches(value, name):
                fits[sets] = True
    elif value in valued:
        fits[valued[value]] = True
    return fits
