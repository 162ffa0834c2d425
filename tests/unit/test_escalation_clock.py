"""The decision clock: where it starts, what stops it, when it starts anew."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.escalation import clock
from governance.register.business_time import BusinessTime, Calendar
from governance.register.request import STATUSES, UNDECIDED

OFFICE = BusinessTime(Calendar(hours=("09:00-17:00",)), "UTC")


def november(day: int, hour: int = 9) -> datetime:
    """An instant in November 2026; the 2nd, the 9th and the 16th are Mondays."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_the_clock_starts_when_the_request_was_submitted_not_when_it_was_first_seen() -> None:
    running = clock.read([(november(4), "in_review")], submitted_at=november(2))
    assert running is not None
    assert running.worked(OFFICE, november(5)) == 24
    assert running.reached(OFFICE, 16) == november(3, 17)


def test_waiting_on_the_requester_stops_the_clock() -> None:
    events = [(november(2), "submitted"), (november(2, 13), "needs_information"), (november(9), "in_review")]
    running = clock.read(events, submitted_at=None)
    assert running is not None
    assert not running.is_stopped
    assert running.worked(OFFICE, november(9, 11)) == 6
    assert running.reached(OFFICE, 3) == november(2, 12)
    assert running.reached(OFFICE, 8) == november(9, 13)


def test_a_clock_that_is_stopped_says_so() -> None:
    running = clock.read([(november(2), "submitted"), (november(3), "needs_information")], submitted_at=None)
    assert running is not None
    assert running.is_stopped
    assert running.worked(OFFICE, november(16)) == 8
    with pytest.raises(ValueError, match="stopped before 9 hours"):
        running.reached(OFFICE, 9)


def test_being_asked_twice_stops_once() -> None:
    events = [
        (november(2), "submitted"),
        (november(3), "needs_information"),
        (november(4), "needs_information"),
        (november(5), "submitted"),
    ]
    running = clock.read(events, submitted_at=None)
    assert running is not None
    assert running.running == ((november(2), november(3)), (november(5), None))


def test_a_reopened_request_starts_a_clock_of_its_own() -> None:
    events = [(november(2), "submitted"), (november(3), "rejected"), (november(9), "submitted")]
    running = clock.read(events, submitted_at=november(2))
    assert running is not None
    assert (running.number, running.began) == (2, november(9))
    assert running.worked(OFFICE, november(10)) == 8


@pytest.mark.parametrize("status", [status for status in STATUSES if status not in UNDECIDED])
def test_a_decided_request_has_no_clock(status: str) -> None:
    assert clock.read([(november(2), "submitted"), (november(3), status)], submitted_at=None) is None


def test_no_history_has_no_clock() -> None:
    assert clock.read([], submitted_at=november(2)) is None


histories = st.lists(
    st.tuples(st.integers(1, 28).map(november), st.sampled_from(STATUSES)), min_size=1, max_size=8
).map(lambda events: sorted(events, key=lambda event: event[0]))


@given(events=histories, submitted=st.none() | st.integers(1, 28).map(november), hours=st.integers(0, 400))
def test_any_history_gives_spans_in_order_and_instants_that_agree_with_what_was_worked(
    events: list[clock.Event], submitted: datetime | None, hours: int
) -> None:
    running = clock.read(events, submitted)
    if running is None:
        assert events[-1][1] not in UNDECIDED
        return
    edges = [edge for span in running.running for edge in span if edge is not None]
    assert edges == sorted(edges)
    assert all(edge >= running.began for edge in edges)
    if not running.is_stopped:
        reached = running.reached(OFFICE, hours)
        assert running.worked(OFFICE, max(reached, *edges)) >= hours - 1e-9
