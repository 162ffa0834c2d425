"""When the clocks of a time zone are changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


def constant_offsets(
    zone: ZoneInfo, begin: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Cut `[begin, end)` into stretches in which the clock of `zone` was not changed.

    Yields (since, until, offset from UTC), exact to the second; a zone changes its clock at most once a day.
    """
    since, offset, day = begin, _offset(zone, begin), begin
    while day < end:
        following = min(day + _DAY, end)
        if _offset(zone, following) != offset:
            change = _change(zone, day, following)
            yield since, change, offset
            since, offset = change, _offset(zone, following)
        day = following
    yield since, end, offset


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second in `(before, after]` from which on the clock shows something else."""
    offset, low, high = _offset(zone, before), 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        same = _offset(zone, before + timedelta(seconds=middle)) == offset
        low, high = (middle, high) if same else (low, middle)
    return before + timedelta(seconds=high)


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()
