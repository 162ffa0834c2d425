"""XmR (process behaviour) charts: is a change signal or noise?

Wheeler, "Understanding Variation": the natural process limits are the mean plus and minus 2.66 times the mean
moving range; what stays between them and shows no pattern is routine variation and deserves no explanation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Literal

SCALING = 2.66
"""Three sigma of single values, estimated from moving ranges of two: 3 / 1.128."""

ENOUGH = 6
"""Fewer values than this give limits that say more about chance than about the process."""

Rule = Literal["outside limits", "8 on one side", "3 of 4 near limit"]


@dataclass(frozen=True)
class Xmr:
    """Centre, limits and signals of a series; `signals` maps the place of a value to the rules it meets."""

    mean: float
    lower: float
    upper: float
    mean_moving_range: float
    signals: dict[int, tuple[Rule, ...]]


def xmr(
    values: Sequence[float | None], *, lowest: float | None = None, highest: float | None = None
) -> Xmr | None:
    """Return limits and signals of `values` in time order; None where fewer than ENOUGH are known.

    Unknown values (None) are left out; they neither widen limits nor break a run. `lowest` and `highest` are
    what the measure can take at all (0 for a count, 1 for a share): limits stop there, and a limit that
    stopped cannot be crossed.
    """
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < ENOUGH:
        return None
    series = [value for _, value in known]
    mean = fmean(series)
    moving_range = fmean(abs(after - before) for before, after in pairwise(series))
    lower, upper = mean - SCALING * moving_range, mean + SCALING * moving_range
    found = _signals(series, mean, lower, upper)
    return Xmr(
        mean,
        lower if lowest is None else max(lower, lowest),
        upper if highest is None else min(upper, highest),
        moving_range,
        {known[place][0]: rules for place, rules in sorted(found.items())},
    )


def _signals(series: list[float], mean: float, lower: float, upper: float) -> dict[int, tuple[Rule, ...]]:
    found: dict[int, tuple[Rule, ...]] = {}
    for place, value in enumerate(series):
        rules: list[Rule] = []
        if value < lower or value > upper:
            rules.append("outside limits")
        if _one_side(series[max(0, place - 7) : place + 1], mean):
            rules.append("8 on one side")
        if _near_limit(series[max(0, place - 3) : place + 1], mean, lower, upper):
            rules.append("3 of 4 near limit")
        if rules:
            found[place] = tuple(rules)
    return found


def _one_side(window: list[float], mean: float) -> bool:
    return len(window) == 8 and (
        all(value > mean for value in window) or all(value < mean for value in window)
    )


def _near_limit(window: list[float], mean: float, lower: float, upper: float) -> bool:
    """Three of four successive values, the last among them, nearer to the same limit than to the mean."""
    high, low = (mean + upper) / 2, (mean + lower) / 2
    if len(window) < 4 or upper == lower:
        return False
    above, below = [value > high for value in window], [value < low for value in window]
    return (sum(above) >= 3 and above[-1]) or (sum(below) >= 3 and below[-1])
