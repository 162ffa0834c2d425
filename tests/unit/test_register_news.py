"""Which observations are news, against the rule told one observation at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from governance.register.news import Held, Observed, news

FIRST = 10
"""Number of the first request."""
STEP = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2))
"""Request, moment, content."""


def words(steps):
    """Contents that differ in one of their words only."""
    return np.array([(7, 7, step[2], 7) for step in steps], np.uint64).reshape(-1, 4)


def answer(known, observed):
    requests, moments = (np.array([step[place] for step in observed], np.int64) for place in (0, 1))
    rows = pd.DataFrame({"key": requests, "moment": moments})
    held = Held(
        np.array([FIRST + step[0] for step in known], np.int64),
        np.array([step[1] for step in known], np.int64),
        words(known),
    )
    found = Observed(rows, keys=["a", "b", "c"], kinds=[], content=words(observed))
    return news(held, found, np.arange(FIRST, FIRST + 3)).tolist()


def told_one_by_one(known, observed):
    """The rule: what was seen at the same time before is dropped, and then what was said just before it."""
    every = [*known, *observed]
    line = sorted(range(len(every)), key=lambda place: (every[place][:2], place))
    found = dict.fromkeys(line, False)
    said, last = set(), {}
    for place in line:
        request, _, content = every[place]
        if every[place] not in said:
            found[place] = last.get(request) != content
            last[request] = content
        said.add(every[place])
    return [found[place] for place in range(len(known), len(every))]


@given(st.lists(STEP, max_size=6), st.lists(STEP, min_size=1, max_size=12))
def test_news_is_what_the_rule_says(known, observed):
    assert answer(known, observed) == told_one_by_one(known, observed)


def test_what_repeats_at_one_instant_is_news_once_and_a_state_that_comes_back_later_is_again():
    assert answer([], [(0, 0, 1), (0, 0, 2), (0, 0, 1)]) == [True, True, False]
    assert answer([(0, 0, 1), (0, 1, 2)], [(0, 2, 1), (0, 0, 1), (1, 0, 1)]) == [True, False, True]


def test_what_was_dropped_hides_no_later_change():
    """Two states of one instant, one of them twice: the last that counts is the second."""
    assert answer([], [(0, 0, 1), (0, 0, 2), (0, 0, 1), (0, 1, 1)]) == [True, True, False, True]
