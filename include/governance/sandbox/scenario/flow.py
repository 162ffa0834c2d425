"""When requests arrive and how long things take: 61 weeks of an organization that slowly gets better."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

from governance.sandbox.scenario.model import BERLIN, NOW, START

OPENS, CLOSES = 9, 17
BAD_MONTH = (2026, 5)
"""The month in which half of the deciders were away."""

_QUIET_WEEKS = {
    date(2025, 12, 22): 0.15,
    date(2025, 12, 29): 0.3,
    date(2026, 4, 6): 0.6,
    date(2026, 8, 10): 0.6,
}
_WEEKDAYS = (1.1, 1.2, 1.15, 1.0, 0.8, 0.03, 0.02)
_TYPICAL_HOURS = {"low": 34.0, "medium": 20.0, "high": 8.5, "critical": 4.0}
"""Business hours that half of the decisions took at the start, by risk level."""


def arrivals(random: Random, number: int) -> list[datetime]:
    """Return `number` instants of submission in UTC, oldest first."""
    first = START.astimezone(BERLIN).date()
    weeks = [first + timedelta(weeks=n) for n in range(61)]
    weights = [
        max(0.2, (1 + 0.3 * n / 60) * _QUIET_WEEKS.get(week, 1.0) * random.gauss(1, 0.22))
        for n, week in enumerate(weeks)
    ]
    found: list[datetime] = []
    while len(found) < number:
        week = random.choices(weeks, weights)[0]
        day = week + timedelta(days=random.choices(range(7), _WEEKDAYS)[0])
        at = datetime(
            day.year, day.month, day.day, random.randint(8, 17), random.randint(0, 59), tzinfo=BERLIN
        )
        if at < NOW - timedelta(hours=20):
            found.append(at.astimezone(UTC))
    return sorted(found)


def after(at: datetime, hours: float) -> datetime:
    """Return the instant `hours` business hours after `at`: Monday to Friday, 9 to 17 in Berlin."""
    local = _into_hours(at.astimezone(BERLIN))
    left = timedelta(hours=hours)
    while True:
        closing = local.replace(hour=CLOSES, minute=0)
        room = closing - local
        if left <= room:
            return (local + left).replace(second=0, microsecond=0).astimezone(UTC)
        left -= room
        local = _into_hours(closing + timedelta(minutes=1))


def _into_hours(local: datetime) -> datetime:
    if local.hour >= CLOSES:
        local = (local + timedelta(days=1)).replace(hour=OPENS, minute=0)
    elif local.hour < OPENS:
        local = local.replace(hour=OPENS, minute=0)
    while local.weekday() > 4:
        local = (local + timedelta(days=1)).replace(hour=OPENS, minute=0)
    return local


def decision_hours(random: Random, risk_level: str, submitted: datetime) -> float:
    """Draw the business hours until the decision: log-normal, better every month but for the bad one."""
    progress = (submitted - START) / (NOW - START)
    trend = 1.25 - 0.5 * progress
    bad = 3.2 if (submitted.year, submitted.month) == BAD_MONTH else 1.0
    return _TYPICAL_HOURS[risk_level] * trend * bad * random.lognormvariate(0, 0.65)


def evening(random: Random, submitted: datetime) -> tuple[datetime, datetime]:
    """Draw a maintenance window one to four weeks ahead, in the evening."""
    day = submitted.astimezone(BERLIN).date() + timedelta(days=random.randint(8, 28))
    start = datetime(day.year, day.month, day.day, random.choice((19, 20, 21, 22)), tzinfo=BERLIN).astimezone(
        UTC
    )
    return start, start + timedelta(minutes=random.choice((60, 90, 120, 180, 240)))
