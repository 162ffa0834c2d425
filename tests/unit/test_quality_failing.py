"""The rows that fail an expectation are those that Great Expectations lists, whatever the frame holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.quality import expectations
from governance.quality.failing import failing_rows, is_known
from governance.quality.suite import Check, canonical_suite

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
TEXTS = ("title", "kind", "registered_kind", "source_key")
TIMES = ("valid_from", "valid_until", "due_at")
EITHER = "either_value_is_missing"
CHECKS = [
    ("not_null", "column_values_to_not_be_null", {"column": "title"}, {}),
    ("not_null_when", "column_values_to_not_be_null", {"column": "title"}, {"kind": ["a", "b"]}),
    ("no_value", "column_values_to_be_null", {"column": "title"}, {}),
    ("once", "column_values_to_be_unique", {"column": "source_key"}, {}),
    ("in_set", "column_values_to_be_in_set", {"column": "kind", "value_set": ["a", "ä"]}, {}),
    ("since", "column_values_to_be_between", {"column": "due_at", "min_value": "now-1d"}, {}),
    ("between", "column_values_to_be_between", {"column": "due_at", "min_value": "now", "max_value": "now+2d"}, {}),
    ("strictly", "column_values_to_be_between",
     {"column": "due_at", "min_value": "now", "max_value": "now+2d", "strict_min": True, "strict_max": True}, {}),
    ("few", "column_values_to_be_between", {"column": "kinds_of_key", "max_value": 1}, {}),
    ("length", "column_value_lengths_to_be_between", {"column": "title", "min_value": 1, "max_value": 2}, {}),
    ("at_most", "column_value_lengths_to_be_between", {"column": "title", "max_value": 2}, {}),
    ("regex", "column_values_to_match_regex", {"column": "title", "regex": r"\w"}, {}),
    ("anchored", "column_values_to_match_regex", {"column": "title", "regex": "^[a-c]+$"}, {}),
    ("equal", "column_pair_values_to_be_equal",
     {"column_A": "kind", "column_B": "registered_kind", "ignore_row_if": EITHER}, {}),
    ("equal_both", "column_pair_values_to_be_equal", {"column_A": "kind", "column_B": "registered_kind"}, {}),
    ("after", "column_pair_values_a_to_be_greater_than_b",
     {"column_A": "valid_until", "column_B": "valid_from", "ignore_row_if": EITHER}, {}),
    ("not_before", "column_pair_values_a_to_be_greater_than_b",
     {"column_A": "valid_until", "column_B": "valid_from", "or_equal": True, "ignore_row_if": EITHER}, {}),
]  # fmt: skip
words = st.one_of(
    st.none(), st.sampled_from(["a", "b", "ä", "", " ", "A", "abc", "?", "a\nb"]), st.text(max_size=4)
)
storable = words.filter(lambda text: text is None or text.encode("utf-8", "ignore").decode() == text)
instants = st.one_of(st.none(), st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days)))
rows = st.lists(
    st.tuples(*[storable] * len(TEXTS), *[instants] * len(TIMES), st.integers(1, 2)), min_size=1, max_size=30
)


def check(name, kind, kwargs, when) -> Check:
    return Check(id=name, type=f"expect_{kind}", kwargs=kwargs, when=when, words=name)


@settings(max_examples=10, deadline=None)
@given(told=rows)
def test_they_are_those_that_great_expectations_lists(told):
    frame = pd.DataFrame(told, columns=[*TEXTS, *TIMES, "kinds_of_key"])
    frame = frame.assign(row_no=range(100, 100 + len(frame)))
    frame = frame.astype(dict.fromkeys(TEXTS, "str") | dict.fromkeys(TIMES, "datetime64[us, UTC]"))
    checks = [check(*one) for one in CHECKS]
    batch = expectations._batch(frame, "frames")
    listed = batch.validate(expectations._suite("frames", checks, NOW), result_format=expectations._LISTED)
    by_id = {one.id: one for one in checks}
    for one in listed.results:
        wanted = by_id[expectations._id_of(one)]
        arguments = {name: expectations._instant(value, NOW) for name, value in wanted.kwargs.items()}
        found = failing_rows(frame, wanted.type, arguments, dict(wanted.when))
        assert found == sorted(expectations._listed(wanted, one)), wanted.id


@pytest.mark.parametrize("one", canonical_suite(), ids=lambda one: one.id)
def test_every_canonical_expectation_is_known(one):
    assert is_known(one.type)


def test_what_is_not_known_is_listed_by_great_expectations_itself():
    frame = pd.DataFrame({"title": ["ab", "xy", None], "row_no": [7, 8, 9]}).astype({"title": "str"})
    unlike = Check(
        id="unlike", type="expect_column_values_to_not_match_regex", kwargs={"column": "title", "regex": "x"}, words="no x"
    )  # fmt: skip
    assert not is_known(unlike.type)
    done = expectations.validate(frame, [unlike], name="frames", now=NOW)
    assert done.outcomes[0].failed_rows == (8,)
