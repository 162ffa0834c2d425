"""Which tag sets hold the tags that a condition asks for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from governance.reconciliation.compiled import Compiled
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.matching.arrays import NOTHING, Array, bounds
from governance.reconciliation.matching.facts import Facts
from governance.register.patterns import has_wildcard, matches

UNPACKED = 2**26
"""So many answers have a byte each; more have a bit each."""


class Tags:
    """The answers, per condition and tag set. `of_resource` -1: its tags are not known."""

    def __init__(self, compiled: Compiled, facts: Facts, evidence: Evidence) -> None:
        known = facts.resources.tag_set
        self.of_resource: Array = known if evidence.tags_are_known else np.full(len(known), -1, dtype="int32")
        told = _Told(evidence)
        size = int(max(told.sets.max(initial=-1), known.max(initial=-1))) + 1
        conditions = compiled.sets.conditions
        self._packed = len(conditions) * (size + 1) > UNPACKED
        width = size // 8 + 1 if self._packed else size + 1
        answers = np.zeros((len(conditions), width), dtype="uint8")
        self._width = np.min_scalar_type(-answers.size).type(width)  # wide enough for a place
        for number, condition in enumerate(conditions):
            fits = np.ones(size + 1, dtype=bool)
            fits[0] = False  # the first of a row stands for unknown tags
            for key, value in condition:
                has = np.zeros(size, dtype=bool)
                has[told.fitting(key, value)] = True
                fits[1:] &= has
            answers[number] = np.packbits(fits, bitorder="little") if self._packed else fits
        self._answers = answers.ravel()

    def fit(self, condition: Array, resource: Array) -> Array:
        """Tell of each pair whether the resource has the tags; not if they are not known."""
        slot = self.of_resource[resource] + 1
        if self._packed:
            byte = self._answers[condition * self._width + (slot >> 3)]
            answer = (byte >> (slot & 7).astype("uint8")) & 1
        else:
            answer = self._answers[condition * self._width + slot]
        found: Array = answer.view(bool)
        return found


class _Told:
    """What is told of tag sets, in the order of keys and values."""

    def __init__(self, evidence: Evidence) -> None:
        tags = evidence.tag_sets
        keys, values = (
            pa.array(tags[name].tolist(), pa.string()).dictionary_encode() for name in ("key", "value")
        )
        self._values: list[str] = values.dictionary.to_pylist()
        self._key = {name: number for number, name in enumerate(keys.dictionary.to_pylist())}
        self._value = {name: number for number, name in enumerate(self._values)}
        codes = keys.indices.to_numpy().astype("int64") * len(self._values) + values.indices.to_numpy()
        order = np.argsort(codes, kind="stable")
        self._codes = codes[order]
        self.sets: Array = tags.tag_set.to_numpy(dtype="int64")[order]

    def fitting(self, key: str, value: str) -> Array:
        """Return the tag sets that have the key with a value, or one that fits a pattern."""
        if key not in self._key or not (has_wildcard(value) or value in self._value):
            return NOTHING
        begin = self._key[key] * len(self._values)
        if not has_wildcard(value):
            first, last = bounds(self._codes, np.array([begin + self._value[value]]))
            return self.sets[first[0] : last[0]]
        first, last = np.searchsorted(self._codes, (begin, begin + len(self._values)))
        met = self._codes[first:last] - begin
        fits = {code for code in np.unique(met).tolist() if matches(value, self._values[code])}
        return self.sets[first:last][np.isin(met, list(fits))]
