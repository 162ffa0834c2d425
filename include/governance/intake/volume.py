"""How much a full pull brings, against its own history: one that suddenly halves has lost something."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from pydantic import Field

from governance.documents import Document

SPREADS = 3.5
"""Robust standard deviations that a pull may be away from the median (Iglewicz and Hoaglin, 1993)."""
FEW = 5
"""So many records more or less are never remarkable."""
_TO_SIGMA = 1.4826
"""A median absolute deviation times this estimates a standard deviation (Rousseeuw and Croux, 1993)."""


class Volume(Document):
    """What counts as the usual volume. `runs` is how far the history reaches back."""

    runs: int = Field(default=20, ge=1, description="Full pulls that make up the history")
    least_runs: int = Field(default=5, ge=1, description="With fewer of them nothing is judged")
    tolerance: float = Field(default=0.3, gt=0, description="Share of the median that is never remarkable")


def usual(history: Sequence[int], volume: Volume) -> tuple[int, int] | None:
    """Return how few and how many records are usual, None where the history is too short to say.

    >>> usual([100, 102, 98, 101, 99, 100], Volume())
    (70, 130)
    >>> usual([100], Volume()) is None
    True
    """
    if len(history) < volume.least_runs:
        return None
    middle = median(history)
    spread = median(abs(pulled - middle) for pulled in history) * _TO_SIGMA * SPREADS
    room = max(spread, volume.tolerance * middle, FEW)
    least = max(0, round(middle - room))
    return (max(least, 1) if middle >= 1 else 0), round(middle + room)


def unusual(pulled: int, history: Sequence[int], volume: Volume) -> str:
    """Return in words what is wrong with a full pull's volume, '' where nothing is.

    >>> unusual(40, [100, 102, 98, 101, 99], Volume())
    '40 records pulled, expected 70 to 130: the last 5 full pulls brought 100 in the median'
    """
    expected = usual(history, volume)
    if expected is None or expected[0] <= pulled <= expected[1]:
        return ""
    words = f"the last {len(history)} full pulls brought {median(history):,.0f} in the median"
    return f"{pulled:,} records pulled, expected {expected[0]:,} to {expected[1]:,}: {words}"
