"""Wildcards as people write them, against the plainest matcher there is."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.register.patterns import has_wildcard, matches, overlap

patterns = st.text("ab*?", max_size=6)
values = st.text("ab", max_size=6)


def matches_plainly(pattern: str, value: str) -> bool:
    if not pattern:
        return not value
    if pattern[0] == "*":
        return matches_plainly(pattern[1:], value) or (bool(value) and matches_plainly(pattern, value[1:]))
    return bool(value) and pattern[0] in ("?", value[0]) and matches_plainly(pattern[1:], value[1:])


@given(pattern=patterns, value=values)
def test_a_pattern_fits_what_the_plain_matcher_fits(pattern: str, value: str) -> None:
    assert matches(pattern, value) == matches_plainly(pattern, value)


@given(value=st.text())
def test_text_without_wildcards_fits_itself_only(value: str) -> None:
    if not has_wildcard(value):
        assert matches(value, value)
        assert not matches(value, f"{value}x")
        assert not matches(value, f"x{value}")


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("s3-*", "my-s3-bucket"),
        ("*-bucket", "my-bucket-2"),
        ("a?c", "ac"),
        ("a.c", "abc"),
        ("[ab]", "a"),
        ("a|b", "a"),
        ("S3-*", "s3-bucket"),
        ("a", "a\n"),
    ],
)
def test_patterns_are_anchored_literal_and_mind_the_case(pattern: str, value: str) -> None:
    assert not matches(pattern, value)


@pytest.mark.parametrize("value", ["", "one", "two\nlines", "a/b/c"])
def test_a_star_fits_everything_even_across_slashes_and_lines(value: str) -> None:
    assert matches("*", value)


SHORT_VALUES = ["".join(chars) for length in range(6) for chars in product("abc", repeat=length)]


@given(first=st.text("ab*?", max_size=3), second=st.text("ab*?", max_size=3))
def test_two_patterns_overlap_when_some_value_fits_both(first: str, second: str) -> None:
    # `c` stands for any other letter; patterns of three characters that overlap do so within five.
    common = any(matches(first, value) and matches(second, value) for value in SHORT_VALUES)
    assert overlap(first, second) == common


@given(first=patterns, second=patterns)
def test_overlap_does_not_depend_on_the_order(first: str, second: str) -> None:
    assert overlap(first, second) == overlap(second, first)
