"""Looking up by number and by place finds what going through everything finds."""

from __future__ import annotations

import doctest
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.reconciliation import engine
from governance.reconciliation.compiled import ResourceNames, ResourcePatterns
from governance.reconciliation.directory import ALL_REGIONS
from governance.reconciliation.matching import arrays, naming
from governance.reconciliation.matching.grid import Grid
from governance.register.patterns import has_wildcard, matches

IDS = st.lists(st.text("ab.*?[\\%\n😀ä\0", max_size=4), max_size=12)
PATTERNS = st.lists(st.text("ab.*?[\\%\n😀ä", min_size=1, max_size=4), min_size=1, max_size=6)


def resources(ids: list[str]) -> SimpleNamespace:
    order = sorted(range(len(ids)), key=lambda number: (ids[number].encode(), number))
    column = pa.array(ids, pa.large_string())
    return SimpleNamespace(ids=lambda some: column.take(pa.array(some)), by_id=np.array(order, dtype="int32"))


def named(names: list[str]) -> ResourceNames:
    return ResourceNames(np.zeros(len(names), int), pa.array(names, pa.string()))


def asked(patterns: list[str]) -> ResourcePatterns:
    count = len(patterns)
    return ResourcePatterns(np.zeros(count, int), patterns, [""] * count, [ALL_REGIONS] * count, [""] * count)


def ranges(tests, by_id) -> list[set[int]]:
    return [set(by_id[low:high].tolist()) for low, high in zip(tests.lower, tests.upper, strict=True)]


def test_examples() -> None:
    assert doctest.testmod(arrays).failed == 0


@given(ids=IDS, names=PATTERNS)
def test_a_name_means_the_ids_that_equal_it(ids, names):
    known = resources(ids)
    tests, _ = naming._tests(named(names), asked([]), known)
    assert ranges(tests, known.by_id) == [{n for n, one in enumerate(ids) if one == name} for name in names]


@given(ids=IDS, patterns=PATTERNS)
def test_a_pattern_means_only_ids_in_its_range_and_a_plain_one_all_of_them(ids, patterns):
    known = resources(ids)
    _, tests = naming._tests(named(ids), asked(patterns), known)
    found = ranges(tests, known.by_id)
    for pattern, is_plain, near in zip(patterns, tests.is_plain, found, strict=True):
        meant = {n for n, one in enumerate(ids) if matches(pattern, one)}
        assert meant <= near
        assert not is_plain or meant == near
        assert is_plain or has_wildcard(pattern)


@given(ids=IDS, patterns=PATTERNS)
def test_what_a_pattern_asks_beyond_its_beginning_is_asked_as_everywhere_else(ids, patterns):
    for pattern in patterns:
        found = pc.match_substring_regex(pa.array(ids, pa.string()), naming._regex(pattern)).to_pylist()
        assert found == [matches(pattern, one) for one in ids]


@pytest.mark.parametrize("spread_out", [1, 1000])
@given(data=st.data())
def test_a_scope_reaches_the_cells_of_its_accounts_and_kinds(spread_out, data):
    """Whether most pairs of account and kind are there or next to none."""
    kinds = 3 * spread_out
    place = st.tuples(st.integers(0, 3), st.integers(0, 2).map(lambda n: n * spread_out))
    cells = data.draw(st.lists(place, max_size=10))
    sets = data.draw(
        st.lists(st.tuples(st.sets(st.integers(0, 3)), st.sets(st.integers(0, 2))), min_size=1, max_size=4)
    )
    accounts, account_start = arrays.flat([sorted(one) for one, _ in sets])
    of_kinds, kind_start = arrays.flat([sorted(n * spread_out for n in some) for _, some in sets])

    def accounts_of(wanted):
        owner, at = arrays.spread(account_start[wanted], account_start[wanted + 1])
        return owner, accounts[at]

    any_kind = np.array([not some for _, some in sets])
    applies = SimpleNamespace(
        kinds=of_kinds, kind_start=kind_start, any_kind=any_kind, accounts_of=accounts_of
    )
    account, kind = (np.array([one[side] for one in cells], dtype="int64") for side in (0, 1))
    numbers = np.arange(len(sets))
    which, cell = Grid(account, kind, kinds).reached(
        {"place_set": numbers, "kind_set": numbers}, numbers, applies
    )
    assert sorted(zip(which.tolist(), cell.tolist(), strict=True)) == [
        (number, n) for number, (some_accounts, some_kinds) in enumerate(sets) for n, (a, k) in enumerate(cells)
        if a in some_accounts and (not some_kinds or k // spread_out in some_kinds)]  # fmt: skip


def test_a_sibling_database_shares_no_table() -> None:
    with engine.database() as one, engine.sibling(one) as other:
        for number, database in enumerate((one, other)):
            database.register("told", pa.table({"n": [number]}))
            database.execute("CREATE TABLE kept AS FROM told")
        for number, database in enumerate((one, other)):
            assert database.sql("FROM kept, told").fetchall() == [(number, number)]
