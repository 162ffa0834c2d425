"""Business time against a walker that looks at the clock on the wall minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.errors import DocumentError, GovernanceError
from governance.register.business_time import (
    WEEKDAYS,
    BusinessTime,
    Calendar,
    business_hours_between,
    read_calendars,
)
from governance.register.zones import constant_offsets

OFFICE = Calendar(country="DE", hours=("09:00-17:00",), closings=(date(2026, 12, 24),))
SPLIT = Calendar(hours=("08:30-12:00", "13:00-17:15"))
NIGHT = Calendar(days=WEEKDAYS, hours=("00:00-03:00", "22:00-24:00"))
WITHIN_CHANGE = Calendar(days=WEEKDAYS, hours=("01:40-02:20", "02:30-02:50"))
EVERY_HOUR = Calendar(days=WEEKDAYS, hours=("00:00-24:00",))
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata", "UTC")


def walk(calendar: Calendar, zone: str, begin: datetime, end: datetime) -> float:
    """Hours in `[begin, end)` (whole minutes), counted one minute of real time after the other."""
    closed = set(calendar.closings)
    if calendar.country:
        closed |= set(holidays.country_holidays(calendar.country, years=range(2025, 2028)))
    minutes, instant = 0, begin
    while instant < end:
        wall = instant.astimezone(ZoneInfo(zone))
        clock = timedelta(hours=wall.hour, minutes=wall.minute)
        works = WEEKDAYS[wall.weekday()] in calendar.days and wall.date() not in closed
        minutes += works and any(span.begin <= clock < span.end for span in calendar.hours)
        instant += timedelta(minutes=1)
    return minutes / 60


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


minutes_of_2026 = st.integers(0, 366 * 24 * 60).map(lambda n: utc("2026-01-01") + timedelta(minutes=n))
around_changes = st.sampled_from(
    [utc(day) for day in ("2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-04", "2026-04-24")]
).flatmap(lambda day: st.integers(-1500, 1500).map(lambda n: day + timedelta(minutes=n)))


@settings(max_examples=120, deadline=None)
@given(
    calendar=st.sampled_from([OFFICE, SPLIT, NIGHT, WITHIN_CHANGE, EVERY_HOUR]),
    zone=st.sampled_from(ZONES),
    begin=st.one_of(minutes_of_2026, around_changes),
    length=st.integers(0, 5000),
)
def test_hours_between_are_what_the_walker_counts(
    calendar: Calendar, zone: str, begin: datetime, length: int
) -> None:
    end = begin + timedelta(minutes=length)
    counted = BusinessTime(calendar, zone).business_between(begin, end)
    assert counted == pytest.approx(walk(calendar, zone, begin, end), abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(
    calendar=st.sampled_from([OFFICE, SPLIT, NIGHT, WITHIN_CHANGE, EVERY_HOUR]),
    zone=st.sampled_from(ZONES),
    begin=st.one_of(minutes_of_2026, around_changes),
    minutes=st.integers(1, 60 * 200),
)
def test_adding_hours_gives_the_first_instant_with_so_many_hours_behind_it(
    calendar: Calendar, zone: str, begin: datetime, minutes: int
) -> None:
    time = BusinessTime(calendar, zone)
    end = time.add_business(begin, minutes / 60)
    assert time.business_between(begin, end) == pytest.approx(minutes / 60, abs=1e-9)
    just_before = end - timedelta(microseconds=1)
    assert time.business_between(begin, just_before) < time.business_between(begin, end)


def test_a_table_that_grew_answers_as_a_fresh_one() -> None:
    grown, begin = BusinessTime(OFFICE, "Europe/Berlin"), utc("2026-06-01T10:00")
    for year in (2030, 2020, 2026):
        grown.business_between(utc(f"{year}-01-01"), utc(f"{year}-12-31"))
    fresh = BusinessTime(OFFICE, "Europe/Berlin")
    assert grown.add_business(begin, 1000) == fresh.add_business(begin, 1000)


def test_a_deadline_passes_over_weekend_holiday_and_closing() -> None:
    time = BusinessTime(OFFICE, "Europe/Berlin")
    # Wednesday 23 December 2026 16:00, two hours: the 24th is a closing, the 25th and 26th are holidays,
    # the 27th is a Sunday.
    assert time.add_business(berlin("2026-12-23T16:00"), 2) == berlin("2026-12-28T10:00")


def test_hours_are_half_open_and_the_deadline_is_the_earliest() -> None:
    time = BusinessTime(OFFICE, "Europe/Berlin")
    assert time.add_business(berlin("2026-11-16T09:00"), 8) == berlin("2026-11-16T17:00")
    assert time.business_between(berlin("2026-11-16T17:00"), berlin("2026-11-17T09:00")) == 0
    assert time.add_business(berlin("2026-11-14T12:00"), 0) == berlin("2026-11-14T12:00")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-16", 24)])
def test_a_day_has_the_hours_that_really_pass(day: str, hours: int) -> None:
    begin = berlin(f"{day}T00:00")
    end = (begin + timedelta(days=1)).replace(hour=0)
    assert BusinessTime(EVERY_HOUR, "Europe/Berlin").business_between(begin, end) == hours


def test_working_hours_stay_on_the_wall_when_the_clocks_change() -> None:
    time = BusinessTime(OFFICE, "Europe/Berlin")
    # Friday before the change to summer time, Monday after it.
    assert time.add_business(utc("2026-03-27T08:00"), 9) == utc("2026-03-30T08:00")


def test_reversed_instants_count_backwards() -> None:
    time, early, late = BusinessTime(OFFICE, "Europe/Berlin"), utc("2026-11-02"), utc("2026-11-09")
    assert time.business_between(late, early) == -time.business_between(early, late) == -40


def test_a_frame_of_ten_thousand_rows_is_measured_as_row_by_row() -> None:
    begin = pd.Series(pd.date_range("2025-09-15", periods=10_000, freq="53min", tz="UTC"))
    end = begin + pd.to_timedelta(range(10_000), unit="min")
    end[7] = pd.NaT
    hours = business_hours_between(begin, end, OFFICE, "Europe/Berlin")
    time = BusinessTime(OFFICE, "Europe/Berlin")
    assert hours.isna().sum() == 1
    for row in (0, 1, 500, 4_321, 9_999):
        assert hours[row] == pytest.approx(
            time.business_between(begin[row].to_pydatetime(), end[row].to_pydatetime())
        )


def test_series_keep_their_index_and_may_be_in_any_zone() -> None:
    begin = pd.Series(pd.to_datetime(["2026-11-16T09:00+01:00"]).tz_convert("America/New_York"), index=[42])
    end = pd.Series(pd.to_datetime(["2026-11-16T10:30Z"]), index=[42])
    assert business_hours_between(begin, end, OFFICE, "Europe/Berlin").to_dict() == {42: 2.5}


def test_nothing_is_measured_in_no_rows() -> None:
    none = pd.Series([], dtype="datetime64[us, UTC]")
    assert business_hours_between(none, none, OFFICE, "UTC").empty


def test_instants_far_away_are_refused_with_the_years_that_are_known() -> None:
    with pytest.raises(GovernanceError, match="from 1990 to 2199"):
        BusinessTime(OFFICE, "UTC").business_between(utc("2026-01-01"), utc("9000-01-01"))


def test_the_clock_changes_at_the_second_the_law_says() -> None:
    stretches = list(constant_offsets(ZoneInfo("Europe/Berlin"), utc("2026-01-01"), utc("2027-01-01")))
    assert [since for since, _, _ in stretches[1:]] == [utc("2026-03-29T01:00"), utc("2026-10-25T01:00")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{country: XX, hours: ["09:00-17:00"]}', "XX has none"),
        ('{country: DE, subdivision: ZZ, hours: ["09:00-17:00"]}', "DE-ZZ has none"),
        ('{hours: ["17:00-09:00"]}', "the later one last"),
        ('{hours: ["nine to five"]}', "hours such as '09:00-17:00'"),
        ('{hours: ["09:00-13:00", "12:00-17:00"]}', "without overlap"),
        ('{hours: ["09:00-17:00"], days: [funday]}', "monday"),
        ("{hours: []}", "at least 1 item"),
        ('{subdivision: BY, hours: ["09:00-17:00"]}', "a country, where there is a subdivision"),
    ],
)
def test_a_wrong_calendar_is_refused_with_what_would_be_right(
    tmp_path: Path, text: str, expected: str
) -> None:
    (tmp_path / "calendars.yaml").write_text(f"calendars:\n  office: {text}\n", "utf-8")
    with pytest.raises(DocumentError, match=rf"calendars.yaml:2:.*{expected}"):
        read_calendars(tmp_path)


def test_an_unknown_calendar_is_answered_with_the_known_ones(root: Path) -> None:
    with pytest.raises(GovernanceError, match=r"calendar 'mars' is not in calendars\.yaml: it has .*germany"):
        read_calendars(root / "include" / "policies")["mars"]
