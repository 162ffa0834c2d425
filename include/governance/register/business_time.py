"""Business time: how many working hours lie between two instants, and when some hours of them have passed.

An instant is business time when the clock on the wall in the owner's zone shows working hours, on a working
day that is neither a public holiday nor an extra closing. Working hours are half-open (09:00 counts, 17:00
does not), and hours are hours that really pass: a day on which the clocks change counts what was worked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pandas as pd
from pydantic import Field, field_validator, model_validator

from governance import documents
from governance.errors import GovernanceError
from governance.register.zones import constant_offsets

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIRST_YEAR, LAST_YEAR = 1990, 2199
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_HOUR = 3_600_000_000
_DAY = timedelta(days=1)
_MARGIN = 40 * 24 * _HOUR


class Hours(documents.Document):
    """One span of a working day, half-open, written `09:00-17:00`; it may end at 24:00."""

    begin: timedelta
    end: timedelta

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        begin, dash, end = value.partition("-")
        try:
            edges = [timedelta() + _since_midnight(edge) for edge in (begin, end)]
        except ValueError:
            edges = []
        if not dash or not edges or edges[0] >= edges[1]:
            raise ValueError("hours such as '09:00-17:00', the later one last")
        return {"begin": edges[0], "end": edges[1]}


def _since_midnight(text: str) -> timedelta:
    if text.strip() == "24:00":
        return _DAY
    clock = time.fromisoformat(text.strip())
    return timedelta(hours=clock.hour, minutes=clock.minute)


class Calendar(documents.Document):
    """When a group of people works. Without `country` there are no public holidays."""

    country: str | None = Field(default=None, description="ISO 3166 code, as the library holidays knows it")
    subdivision: str | None = Field(default=None, description="Its part, for example BY in DE")
    days: tuple[Weekday, ...] = Field(
        default=("monday", "tuesday", "wednesday", "thursday", "friday"), min_length=1
    )
    hours: tuple[Hours, ...] = Field(min_length=1)
    closings: tuple[date, ...] = Field(default=(), description="Days closed beyond public holidays")

    @field_validator("hours")
    @classmethod
    def _one_after_the_other(cls, hours: tuple[Hours, ...]) -> tuple[Hours, ...]:
        if any(later.begin < earlier.end for earlier, later in pairwise(hours)):
            raise ValueError("spans that follow one another without overlap")
        return hours

    @model_validator(mode="after")
    def _country_is_known(self) -> Self:
        self.holidays((2026,))
        return self

    @property
    def day_hours(self) -> float:
        """Length of a working day in hours."""
        return sum((span.end - span.begin for span in self.hours), timedelta()) / timedelta(hours=1)

    def holidays(self, years: tuple[int, ...]) -> frozenset[date]:
        """Return the days of `years` on which nobody works although the weekday would be a working day."""
        if self.country is None:
            if self.subdivision:
                raise ValueError("a country, where there is a subdivision")
            return frozenset(self.closings)
        try:
            public = holidays.country_holidays(self.country, subdiv=self.subdivision, years=years)
        except NotImplementedError:
            place = "-".join(part for part in (self.country, self.subdivision) if part)
            raise ValueError(f"a country and subdivision with known holidays; {place} has none") from None
        return frozenset(public) | frozenset(self.closings)


class Calendars(documents.Document):
    """The whole file `calendars.yaml`."""

    calendars: dict[str, Calendar] = Field(min_length=1)

    def __getitem__(self, name: str) -> Calendar:
        """Return the calendar `name`; raises GovernanceError that lists what there is."""
        try:
            return self.calendars[name]
        except KeyError:
            known = ", ".join(sorted(self.calendars))
            raise GovernanceError(f"calendar {name!r} is not in calendars.yaml: it has {known}") from None


def read_calendars(policies: Path) -> Calendars:
    """Read `calendars.yaml` of a policies folder; raises DocumentError with every mistake."""
    return documents.read(policies / "calendars.yaml", Calendars)


class BusinessTime:
    """Business time of one calendar in one IANA time zone.

    Holds the openings of the years asked for so far as sorted arrays of microseconds since 1970 (UTC), so
    every question is a binary search. Instants outside 1990-2199 raise GovernanceError.
    """

    def __init__(self, calendar: Calendar, zone: str) -> None:
        self.calendar = calendar
        self.zone = ZoneInfo(zone)
        self._years = (LAST_YEAR, FIRST_YEAR)
        self._open = self._close = self._before = np.empty(0, dtype=np.int64)

    def business_between(self, begin: datetime, end: datetime) -> float:
        """Return the business hours in `[begin, end)`; negative where `end` comes first."""
        edges = np.array([_micros(begin), _micros(end)])
        self._reach(edges.min(), edges.max())
        first, last = self._worked(edges)
        return float(last - first) / _HOUR

    def add_business(self, start: datetime, hours: float) -> datetime:
        """Return the earliest instant (UTC) by which `hours` business hours have passed since `start`."""
        begin, amount = _micros(start), round(hours * _HOUR)
        if amount <= 0:
            return start.astimezone(UTC)
        self._reach(begin, begin + 3 * amount)
        while True:
            goal = self._worked(np.array([begin]))[0] + amount
            place = int(np.searchsorted(self._before, goal, side="left")) - 1
            reached = int(self._open[place] + goal - self._before[place])
            if reached <= self._close[place]:
                return _EPOCH + reached * _MICROSECOND
            self._reach(begin, int(self._close[-1]) + 9 * _MARGIN)

    def hours_between(self, begin: pd.Series, end: pd.Series) -> pd.Series:
        """Return `business_between` of two aware series, row by row; NaN where one is missing."""
        known = (begin.notna() & end.notna()).to_numpy()
        result = np.full(len(begin), np.nan)
        if known.any():
            edges = np.stack([_micros_of(begin)[known], _micros_of(end)[known]])
            self._reach(edges.min(), edges.max())
            first, last = self._worked(edges)
            result[known] = (last - first) / _HOUR
        return pd.Series(result, index=begin.index)

    def _worked(self, instants: np.ndarray) -> np.ndarray:
        """Microseconds worked between the first known opening and each instant."""
        place = np.maximum(np.searchsorted(self._open, instants, side="right") - 1, 0)
        begin, end = self._open[place], self._close[place]
        return np.asarray(self._before[place] + np.clip(instants, begin, end) - begin)

    def _reach(self, begin: int, end: int) -> None:
        """Know all openings of `[begin, end]`, and some before and after."""
        first, last = _year(begin - _MARGIN), _year(end + _MARGIN)
        if first >= self._years[0] and last <= self._years[1]:
            return
        self._years = (min(first, self._years[0]), max(last, self._years[1]))
        openings = np.array(list(self._openings(*self._years)), dtype=np.int64).reshape(-1, 2)
        self._open, self._close = openings[:, 0], openings[:, 1]
        self._before = np.concatenate([[0], np.cumsum(self._close - self._open)[:-1]])

    def _openings(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        closed = self.calendar.holidays(tuple(range(first, last + 1)))
        days = {WEEKDAYS.index(day) for day in self.calendar.days}
        begin, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
        for since, until, offset in constant_offsets(self.zone, begin, end):
            for day in _days(since + offset, until + offset):
                if day.weekday() not in days or day in closed:
                    continue
                midnight = datetime.combine(day, time(), UTC) - offset
                for span in self.calendar.hours:
                    opened, shut = max(midnight + span.begin, since), min(midnight + span.end, until)
                    if opened < shut:
                        yield _micros(opened), _micros(shut)


def _days(begin: datetime, end: datetime) -> Iterator[date]:
    day = begin.date()
    while day <= end.date():
        yield day
        day += _DAY


def _micros(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _micros_of(series: pd.Series) -> np.ndarray:
    return np.asarray(series.dt.tz_convert("UTC").dt.as_unit("us").dt.tz_localize(None), dtype=np.int64)


def _year(micros: int) -> int:
    year = int(np.datetime64(int(micros), "us").astype("datetime64[Y]").astype(int)) + 1970
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise GovernanceError(
            f"an instant in {year}: business time is known from {FIRST_YEAR} to {LAST_YEAR}"
        )
    return year


@lru_cache(maxsize=64)
def business_time(calendar: Calendar, zone: str) -> BusinessTime:
    """Return the business time of `calendar` in `zone`, its table shared by everybody who asks."""
    return BusinessTime(calendar, zone)


def business_hours_between(begin: pd.Series, end: pd.Series, calendar: Calendar, zone: str) -> pd.Series:
    """Return business hours in `[begin, end)` of two aware series, row by row.

    Float hours; NaN where one of the two is missing, negative where `end` comes first.
    """
    return business_time(calendar, zone).hours_between(begin, end)
