"""Process limits and signals agree with what one computes by hand."""

from __future__ import annotations

import pytest

from governance.review.xmr import ENOUGH, xmr


def test_limits_are_the_mean_and_two_point_six_six_moving_ranges() -> None:
    # mean 10; moving ranges 2 4 3 1 2 = 12, mean 2.4; 2.66 x 2.4 = 6.384
    chart = xmr([10, 12, 8, 11, 10, 8 + 1])
    assert chart is not None
    moving = (2 + 4 + 3 + 1 + 1) / 5
    assert chart.mean == 10
    assert chart.mean_moving_range == pytest.approx(moving)
    assert (chart.lower, chart.upper) == (
        pytest.approx(10 - 2.66 * moving),
        pytest.approx(10 + 2.66 * moving),
    )
    assert chart.signals == {}


def test_a_value_outside_the_limits_is_a_signal() -> None:
    # mean 132/11 = 12; moving ranges 8 x 0, 22... : nine 10s, one 32, one 10 -> 44 / 10 = 4.4; upper 12 + 11.704
    chart = xmr([10] * 9 + [32, 10])
    assert chart is not None
    assert chart.upper == pytest.approx(12 + 2.66 * 4.4)
    assert chart.signals[9] == ("outside limits",)
    assert 10 not in chart.signals


def test_a_value_on_the_limit_is_not_a_signal() -> None:
    chart = xmr([5.0] * 8)
    assert chart is not None
    assert (chart.lower, chart.upper, chart.signals) == (5, 5, {})


def test_the_eighth_value_on_one_side_of_the_mean_is_a_signal_and_the_seventh_is_not() -> None:
    chart = xmr([1, 3] * 4 + [-1, 5] + [2.4] * 8)
    assert chart is not None
    assert 2 < chart.mean < 2.4
    eight = [place for place, rules in chart.signals.items() if "8 on one side" in rules]
    # the 5 before the eight lies above the mean as well
    assert eight == [16, 17]


def test_three_of_four_values_nearer_to_a_limit_than_to_the_mean_are_a_signal() -> None:
    # mean 0; ranges 32 / 12, so the limit is 7.09 and half of it 3.55
    values = [0, -1, 1, -2, 0, -2, -1, -2, -5, 4, 4, 0, 4]
    chart = xmr(values)
    assert chart is not None
    assert chart.mean == 0
    assert chart.upper == pytest.approx(2.66 * 32 / 12)
    assert chart.signals == {12: ("3 of 4 near limit",)}


def test_unknown_values_are_left_out_and_signals_keep_their_place() -> None:
    with_gaps = xmr([None, *[10] * 9, None, 32, 10])
    without = xmr([10] * 9 + [32, 10])
    assert with_gaps is not None
    assert without is not None
    assert with_gaps.upper == without.upper
    assert with_gaps.signals[11] == without.signals[9] == ("outside limits",)


def test_too_few_values_have_no_limits() -> None:
    assert xmr([1.0] * (ENOUGH - 1)) is None
    assert xmr([None] * 20) is None


def test_limits_stop_where_the_measure_stops() -> None:
    chart = xmr([0, 4, 0, 4, 0, 4], lowest=0)
    assert chart is not None
    assert chart.lower == 0
    assert chart.signals == {}
