"""The decision clock of one request: which stretch of waiting it is in, and when hours of it had passed.

A request waits from its submission until it is decided. Waiting on the requester (`needs_information`) stops
the clock. A decided request that is opened again starts a new stretch with a clock of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.register.business_time import BusinessTime
from governance.register.request import UNDECIDED

Event = tuple[datetime, str]
"""When it was true in the source, and the status from then on."""


@dataclass(frozen=True)
class Clock:
    """The present stretch of waiting. `running` are its half-open spans; the last may have no end."""

    number: int
    began: datetime
    running: tuple[tuple[datetime, datetime | None], ...]

    @property
    def is_stopped(self) -> bool:
        """Tell whether the request waits on its requester now."""
        return not self.running or self.running[-1][1] is not None

    def worked(self, time: BusinessTime, now: datetime) -> float:
        """Return the business hours on the clock at `now`."""
        return sum(time.business_between(begin, end or max(now, begin)) for begin, end in self.running)

    def reached(self, time: BusinessTime, hours: float) -> datetime:
        """Return the earliest instant with `hours` on the clock; ValueError where it stopped before."""
        left = hours
        for begin, end in self.running:
            worked = left if end is None else time.business_between(begin, end)
            if worked >= left:
                return time.add_business(begin, left)
            left -= worked
        raise ValueError(f"the clock stopped before {hours} hours")


def read(events: Sequence[Event], submitted_at: datetime | None) -> Clock | None:
    """Return the clock of a request with this history, oldest event first; None if it is decided."""
    stretches = _undecided_stretches(events)
    if not stretches or events[-1][1] not in UNDECIDED:
        return None
    stretch = stretches[-1]
    began = stretch[0][0]
    if len(stretches) == 1 and submitted_at is not None:
        began = submitted_at
    return Clock(len(stretches), began, _running(began, stretch))


def _undecided_stretches(events: Sequence[Event]) -> list[list[Event]]:
    stretches: list[list[Event]] = []
    waited = False
    for event in events:
        waits = event[1] in UNDECIDED
        if waits and not waited:
            stretches.append([])
        if waits:
            stretches[-1].append(event)
        waited = waits
    return stretches


def _running(began: datetime, stretch: list[Event]) -> tuple[tuple[datetime, datetime | None], ...]:
    """Spans of `stretch` in which the clock runs. What lies between submission and first news counts."""
    spans: list[tuple[datetime, datetime | None]] = []
    since: datetime | None = began
    for at, status in stretch:
        if status == "needs_information":
            if since is not None and at > since:
                spans.append((since, at))
            since = None
        elif since is None:
            since = max(at, began)
    if since is not None:
        spans.append((since, None))
    return tuple(spans)
