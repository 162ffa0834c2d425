"""Wildcards as people write them: `*` and `?`, anchored at both ends, everything else literal."""

from __future__ import annotations

import re
from functools import lru_cache


def has_wildcard(pattern: str) -> bool:
    """Tell whether `pattern` holds `*` or `?`.

    >>> has_wildcard("s3-bucket-*"), has_wildcard("s3-bucket-[a]")
    (True, False)
    """
    return "*" in pattern or "?" in pattern


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL)


def matches(pattern: str, value: str) -> bool:
    """Tell whether the whole of `value` fits `pattern`; case matters.

    >>> matches("s3-*", "s3-bucket"), matches("s3-*", "my-s3-bucket"), matches("a[b]", "ab")
    (True, False, False)
    """
    return _compiled(pattern).fullmatch(value) is not None


def overlap(first: str, second: str) -> bool:
    """Tell whether some value fits both patterns.

    >>> overlap("a*", "*b"), overlap("a?", "b*"), overlap("ab", "ab")
    (True, False, True)
    """
    reachable = {(0, 0)}
    pending = [(0, 0)]
    while pending:
        i, j = pending.pop()
        if i == len(first) and j == len(second):
            return True
        for step in _steps(first[i : i + 1], second[j : j + 1]):
            place = (i + step[0], j + step[1])
            if place not in reachable:
                reachable.add(place)
                pending.append(place)
    return False


def _steps(a: str, b: str) -> list[tuple[int, int]]:
    """Ways to go on from one character of each pattern; '' is the end of a pattern."""
    steps = []
    if a == "*":
        steps += [(1, 0)] + ([(0, 1)] if b and b != "*" else [])
    if b == "*":
        steps += [(0, 1)] + ([(1, 0)] if a and a != "*" else [])
    if a and b and "*" not in (a, b) and (a == b or "?" in (a, b)):
        steps.append((1, 1))
    return steps
