"""The rows that scopes by resource or tag need, found on the dictionary of each row group.

Resources repeat from rule to rule, so a row group of 122,880 rows has far fewer different ids: each id is
tested once. Exact ids are looked up in one hash table; patterns only where their literal beginning fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from governance.reconciliation.facts import THREADS, Array, Facts, Group, coded

_Result = TypeVar("_Result")

ROWS = pa.schema(
    [("row", pa.int64()), ("cell", pa.int32()), ("name", pa.int64()), ("tag_set", pa.int32()),
     ("bad", pa.bool_()), ("resource_id", pa.string())]
)  # fmt: skip
"""Needed rows: number, cell, which id in which row group (`name`), tag set, whether NON_COMPLIANT, and the id
itself where the cell is collapsed."""


@dataclass(frozen=True)
class Wanted:
    """What is asked. `tests` has value, is_pattern, like, prefix of each test, by position. Flags per cell:
    `whole` every row is needed, `tagged` rows whose tag set is among `tag_sets` or not known, `collapsed`
    every row with its resource id. Where tags are not known, every row is one without a tag set.
    """

    tests: pd.DataFrame
    whole: Array
    tagged: Array
    tag_sets: Array
    collapsed: Array
    tags_are_known: bool


def rows(facts: Facts, wanted: Wanted) -> tuple[Iterator[pa.RecordBatch], list[pa.RecordBatch]]:
    """Return the needed rows (schema ROWS), a batch per row group as it is read, and the list that receives
    meanwhile which name passed which test (name, test).
    """
    looking = _Looking(facts, wanted)
    numbered = list(enumerate(facts.groups))
    passed: list[pa.RecordBatch] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for found, hits in in_turn(lambda one: looking.at(*one), numbered):
            passed.append(hits)
            yield found

    return batches(), passed


def in_turn(
    work: Callable[[tuple[int, Group]], _Result], all_: Sequence[tuple[int, Group]]
) -> Iterator[_Result]:
    """Do the work on a few row groups at a time; no more than these are held in memory."""
    with ThreadPoolExecutor(THREADS) as pool:
        step = 4 * THREADS
        for start in range(0, len(all_), step):
            yield from pool.map(work, all_[start : start + step])


class _Looking:
    def __init__(self, facts: Facts, wanted: Wanted) -> None:
        self._facts = facts
        self._wanted = wanted
        self._tests = ResourceTests(wanted.tests)

    def at(self, number: int, group: Group) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        """Return the needed rows of a group, and which of its names passed which test."""
        cells = self._facts.cell_of_rows(group)
        needed = (self._wanted.whole | self._wanted.collapsed)[cells]
        tagged = self._wanted.tagged[cells]
        if not (len(self._wanted.tests) or needed.any() or tagged.any()):
            return _batch(ROWS), _batch(PASSED)
        table = group.read(("resource_id", "tag_set"))
        codes, ids = coded(table.column("resource_id"))
        code, test = self._tests.passed(ids)
        if len(code):
            named = np.zeros(len(ids) + 1, dtype=bool)
            named[code] = True
            needed |= named[codes]
        tag_sets = table.column("tag_set").combine_chunks()
        if not self._wanted.tags_are_known:
            tag_sets = pa.nulls(len(tag_sets), pa.int32())
        if tagged.any():
            needed |= tagged & self._fits(tag_sets)
        where = np.flatnonzero(needed)
        base = number << 32
        found = _batch(
            ROWS, group.first + where, cells[where], base + codes[where].astype("int64"),
            tag_sets.take(pa.array(where)), self._bad(group, where),
            self._ids(ids, codes[where], cells[where]),
        )  # fmt: skip
        return found, _batch(PASSED, base + code.astype("int64"), test)

    def _fits(self, tag_sets: pa.Array) -> Array:
        numbers = tag_sets.fill_null(-1).to_numpy(zero_copy_only=False)
        fits: Array = np.isin(numbers, self._wanted.tag_sets) | (numbers == -1)
        return fits

    def _bad(self, group: Group, where: Array) -> Array:
        low, high = np.searchsorted(self._facts.bad_row, [group.first, group.first + group.rows])
        bad = np.zeros(group.rows, dtype=bool)
        bad[self._facts.bad_row[low:high] - group.first] = True
        return bad[where]

    def _ids(self, ids: pa.Array, codes: Array, cells: Array) -> pa.Array:
        told = self._wanted.collapsed[cells]
        if not told.any():
            return pa.nulls(len(codes), pa.string())
        return ids.take(pa.array(codes, mask=~told)).cast(pa.string())


PASSED = pa.schema([("name", pa.int64()), ("test", pa.int32())])


def _batch(schema: pa.Schema, *columns: Array | pa.Array) -> pa.RecordBatch:
    given = columns or tuple(pa.array([], field.type) for field in schema)
    arrays = [pa.array(one, field.type) for one, field in zip(given, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)


class ResourceTests:
    """All resource tests at once. `tests` has value, is_pattern, like (for SQL's LIKE) and prefix."""

    def __init__(self, tests: pd.DataFrame) -> None:
        exact = tests[~tests.is_pattern]
        self._exact = _Lookup(exact.value, exact.index)
        patterns = tests[tests.is_pattern]
        self._likes = dict(zip(patterns.index.tolist(), patterns.like.tolist(), strict=True))
        self._by_length = {
            int(length): _Lookup(some.prefix, some.index)
            for length, some in patterns.groupby(patterns.prefix.str.len())
        }

    def passed(self, ids: pa.Array) -> tuple[Array, Array]:
        """Return the pairs (position in `ids`, test) where the id fits the test."""
        found = [self._exact.find(ids)]
        for length, lookup in self._by_length.items():
            begins = pc.utf8_slice_codeunits(ids, 0, length) if length else None
            found += self._like(ids, *lookup.find(begins)) if length else self._everywhere(ids, lookup.tests)
        code, test = zip(*found, strict=True)
        return np.concatenate(code), np.concatenate(test)

    def _like(self, ids: pa.Array, code: Array, test: Array) -> list[tuple[Array, Array]]:
        order = np.argsort(test, kind="stable")
        code, test = code[order], test[order]
        cuts = np.flatnonzero(np.diff(test, prepend=-1))
        found = []
        for some, one in zip(np.split(code, cuts[1:]), test[cuts], strict=True) if len(test) else ():
            fits = pc.match_like(ids.take(pa.array(some)), self._likes[int(one)]).to_numpy(
                zero_copy_only=False
            )
            found.append((some[fits], np.full(int(fits.sum()), one, dtype="int32")))
        return found

    def _everywhere(self, ids: pa.Array, tests: Array) -> list[tuple[Array, Array]]:
        """Patterns that begin with a wildcard meet every id."""
        found = []
        for one in tests.tolist():
            fits = np.flatnonzero(pc.match_like(ids, self._likes[one]).to_numpy(zero_copy_only=False))
            found.append((fits, np.full(len(fits), one, dtype="int32")))
        return found


class _Lookup:
    """Tests by their text; several tests may share one."""

    def __init__(self, texts: pd.Series, tests: pd.Index) -> None:
        place, distinct = pd.factorize(texts.astype("object"))
        order = np.argsort(place, kind="stable")
        self.tests: Array = tests.to_numpy()[order].astype("int32")
        self._texts = pa.array(distinct.tolist(), pa.string())
        self._count = np.bincount(place, minlength=len(distinct))
        self._start = np.cumsum(self._count) - self._count

    def find(self, texts: pa.Array) -> tuple[Array, Array]:
        """Return the pairs (position in `texts`, test) of equal text."""
        if not len(self._texts):
            return np.empty(0, "int64"), np.empty(0, "int32")
        met = pc.index_in(texts, value_set=self._texts, skip_nulls=True).fill_null(-1)
        at = met.to_numpy(zero_copy_only=False)
        code = np.flatnonzero(at >= 0)
        count, start = self._count[at[code]], self._start[at[code]]
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return np.repeat(code, count), self.tests[np.repeat(start, count) + within]


def resources(facts: Facts, wanted_rows: Array) -> list[str]:
    """Return the resource ids of rows, which are given in ascending order."""

    def some(one: tuple[int, Group]) -> list[str]:
        group = one[1]
        low, high = np.searchsorted(wanted_rows, [group.first, group.first + group.rows])
        if low == high:
            return []
        codes, ids = coded(group.read(("resource_id",)).column("resource_id"))
        found: list[str] = ids.take(pa.array(codes[wanted_rows[low:high] - group.first])).to_pylist()
        return found

    return [name for names in in_turn(some, list(enumerate(facts.groups))) for name in names]
