"""What NumPy lacks for joining sorted arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

NOTHING: Array = np.empty(0, dtype="int64")


def spread(starts: Array, stops: Array) -> tuple[Array, Array]:
    """Return all positions of the ranges [start, stop), and per position the number of its range.

    >>> [part.tolist() for part in spread(np.array([5, 0, 9]), np.array([7, 0, 10]))]
    [[0, 0, 2], [5, 6, 9]]
    """
    counts = stops - starts
    return np.repeat(np.arange(len(counts)), counts), positions(starts, stops)


def positions(starts: Array, stops: Array) -> Array:
    """Return all positions of the ranges [start, stop).

    >>> positions(np.array([5, 0, 9]), np.array([7, 0, 10])).tolist()
    [5, 6, 9]
    """
    counts = stops - starts
    before = np.cumsum(counts) - counts
    found = np.repeat(starts - before, counts)
    found += np.arange(len(found))
    return found


def bounds(ordered: Array, wanted: Array) -> tuple[Array, Array]:
    """Return the ranges in `ordered` that hold what is wanted.

    >>> [part.tolist() for part in bounds(np.array([1, 3, 3]), np.array([3, 2]))]
    [[1, 1], [3, 1]]
    """
    return np.searchsorted(ordered, wanted, "left"), np.searchsorted(ordered, wanted, "right")


def holds(ordered: Array, wanted: Array) -> Array:
    """Tell of each value whether it is in `ordered`.

    >>> holds(np.array([1, 3]), np.array([3, 2, 4])).tolist()
    [True, False, False]
    """
    if not len(ordered):
        return np.zeros(len(wanted), dtype=bool)
    place = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    found: Array = ordered[place] == wanted
    return found


def distinct(values: Array) -> Array:
    """Return each value once, in order. Sorts in place: most of what comes here is in order already.

    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    values.sort(kind="stable")
    first = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    found: Array = values[first]
    return found


def dense(values: Array) -> tuple[Array, Array]:
    """Return each value once, in order, and per entry the place of its value among these.

    >>> [part.tolist() for part in dense(np.array([7, 2, 7]))]
    [[2, 7], [1, 0, 1]]
    """
    size = int(values.max(initial=-1)) + 1
    if size > 4 * len(values) + 2**16:
        return np.unique(values, return_inverse=True)
    there = np.zeros(size, dtype=bool)  # a table, where it is small: to sort a million takes longer
    there[values] = True
    place = np.cumsum(there) - 1
    return np.flatnonzero(there), place[values]


def narrow(numbers: Array) -> Array:
    """Return numbers in 32 bits, where they fit.

    >>> [narrow(np.array([one])).dtype.name for one in (7, 2**40)]
    ['int32', 'int64']
    """
    return numbers.astype("int32") if numbers.max(initial=0) < 2**31 else numbers


def offsets(counts: Array) -> Array:
    """Return where each of several lists begins that lie one behind the other, and where the last ends.

    >>> offsets(np.array([2, 0, 1])).tolist()
    [0, 2, 2, 3]
    """
    return np.concatenate(([0], np.cumsum(counts, dtype="int64")))


def flat(lists: list[list[int]]) -> tuple[Array, Array]:
    """Return lists as one array and the offsets of each in it.

    >>> [part.tolist() for part in flat([[4], [], [1, 2]])]
    [[4, 1, 2], [0, 1, 1, 3]]
    """
    sizes = np.fromiter(map(len, lists), dtype="int64", count=len(lists))
    values = np.fromiter((value for one in lists for value in one), dtype="int64", count=int(sizes.sum()))
    return values, offsets(sizes)
