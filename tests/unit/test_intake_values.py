"""What a source writes becomes typed values, or a reason: nothing is guessed."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.intake.drawing import Told, draw
from governance.intake.fields import FieldSource
from governance.intake.scopes import read_scopes
from governance.intake.values import documents, texts, times


def at(text: str, *formats: str, zone: str = "Europe/Berlin"):
    found, reasons = times([text], formats, zone)
    return found[0], reasons.get(0)


def source(**traits) -> FieldSource:
    return FieldSource.model_validate({"column": "c", **traits} if "constant" not in traits else traits)


@pytest.mark.parametrize(("text", "pattern", "expected"), [
    ("14.03.2026 09:30", "%d.%m.%Y %H:%M", "2026-03-14T08:30Z"),
    ("4/3/2026 9:05", "%d/%m/%Y %H:%M", "2026-03-04T08:05Z"),
    ("2026-07-01", "%Y-%m-%d", "2026-06-30T22:00Z"),
    ("2026-03-05T10:11:12.000+0100", "%Y-%m-%dT%H:%M:%S.%f%z", "2026-03-05T09:11:12Z"),
    ("2026-03-05T10:11:12+01:00", "%Y-%m-%dT%H:%M:%S%z", "2026-03-05T09:11:12Z"),
    ("2026-03-05T10:11:12Z", "%Y-%m-%dT%H:%M:%S%z", "2026-03-05T10:11:12Z"),
])  # fmt: skip
def test_a_date_is_read_by_the_declared_format_in_the_declared_zone(text, pattern, expected):
    assert at(text, pattern) == (pd.Timestamp(expected), None)


@pytest.mark.parametrize(
    "text", ["03/14/2026 09:30", "14.03.2026", "now", "today", "2026-03-14 09:30x", "31.02.2026 09:30", "nan"]
)
def test_a_date_that_does_not_fit_is_a_reason(text):
    found, why = at(text, "%d.%m.%Y %H:%M")
    assert found is pd.NaT
    assert why == f"{text!r} is not a date written as %d.%m.%Y %H:%M"


@pytest.mark.parametrize("text", ["29.03.2026 02:30", "25.10.2026 02:30"])
def test_a_time_that_the_clock_skips_or_shows_twice_is_a_reason(text):
    found, why = at(text, "%d.%m.%Y %H:%M")
    assert found is pd.NaT
    assert "a time that the clock of Europe/Berlin skips or shows twice" in why


def test_formats_are_tried_in_their_order():
    found, reasons = times(
        ["2026-03-01", "2026-03-01T10:00:00+01:00", None], ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"], "UTC"
    )
    assert list(found[:2]) == [pd.Timestamp("2026-03-01T00:00Z"), pd.Timestamp("2026-03-01T09:00Z")]
    assert reasons == {}
    assert found.dtype == "datetime64[us, UTC]"


PATTERNS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
WRITTEN = st.one_of(
    st.datetimes().flatmap(lambda day: st.sampled_from([format(day, pattern) for pattern in PATTERNS])),
    st.sampled_from(["2025-02-30", "2025-01-01 24:00:00", "2025-01-01 23:59:60", "2025-1-01", "0000-01-01",
                     "2025-01-01 10:00:00Z", "2025-01-01 10:00+01", "2025-01-01\n", "20250101", None]),
)  # fmt: skip


@given(st.lists(WRITTEN, max_size=5), st.sampled_from(PATTERNS))
def test_dates_of_a_whole_column_are_those_read_one_by_one(texts_of, pattern):
    found, _ = times(texts_of, [pattern], "UTC")
    expected = [pd.to_datetime(text, format=pattern, errors="coerce", utc=True) for text in texts_of]
    assert found.dtype == "datetime64[us, UTC]"
    assert [None if at is pd.NaT else at for at in found] == [None if pd.isna(at) else at for at in expected]


def test_no_values_give_no_instants():
    found, reasons = times([], ["%Y"], "UTC")
    assert (len(found), reasons) == (0, {})


def test_without_a_declared_format_no_date_fits():
    assert (
        at("2026-03-01")[1] == "'2026-03-01' is not a date written as any format: the spec declares no dates"
    )


def test_words_are_looked_up_and_unknown_ones_name_what_is_known():
    found, reasons = texts(["New", "new", None], source(map={"New": "submitted"}))
    assert list(found[:1]) == ["submitted"]
    assert reasons == {1: "'new' is none of the words that the spec knows: New"}
    found, reasons = texts(["NEW"], source(map={"New": "submitted"}, ignore_case=True))
    assert (found[0], reasons) == ("submitted", {})


def test_defaults_and_constants_need_no_translation():
    rows = [{"c": None}, {"c": "High"}]
    field = source(map={"High": "high"}, default="low")
    assert list(texts(draw(Told(rows), field, frozenset()), field)[0]) == ["low", "high"]
    assert list(texts(draw(Told(rows), source(constant="x"), frozenset()), source(constant="x"))[0]) == [
        "x",
        "x",
    ]


def test_of_several_columns_the_first_with_a_value_counts_and_nulls_are_none():
    rows = [{"a": "?", "b": "2"}, {"a": " 1 ", "b": "2"}, {"a": "", "b": None}]
    assert draw(Told(rows), source(column=["a", "b"]), frozenset(["?", ""])) == ["2", "1", None]


def test_dots_reach_into_nested_records_but_a_column_of_that_name_comes_first():
    rows = [{"a": {"b": "nested"}}, {"a.b": "flat", "a": {"b": "nested"}}, {"a": "text"}]
    assert draw(Told(rows), source(column="a.b"), frozenset()) == ["nested", "flat", None]


def test_numbers_are_text_as_written_and_nested_values_are_refused():
    found, reasons = texts([670, True, {"x": 1}], source())
    assert list(found[:2]) == ["670", "true"]
    assert reasons == {2: "'{\"x\": 1}' is not text"}


@pytest.mark.parametrize("text", ["a\x00b", "half \ud83d pair"])
def test_text_that_cannot_be_stored_is_a_reason(text):
    found, reasons = texts([text], source())
    assert pd.isna(found[0])
    assert "holds a NUL character or half of a surrogate pair" in reasons[0]
    assert "holds a NUL character" in documents([{"note": text}], source())[1][0]


def test_json_is_read_from_text_and_prose_is_a_reason():
    found, reasons = documents(['{"b": 1}', "{'b': 1}", '{"b": NaN}'], source(json=True))
    assert found[0] == '{"b": 1}'
    assert reasons[1].startswith("\"{'b': 1}\" is not JSON: Expecting property name")
    assert "NaN is not a number of JSON" in reasons[2]


def test_text_can_be_cut_into_a_list():
    assert documents(["a, b,,c "], source(split=","))[0][0] == '["a", "b", "c"]'


def test_scopes_are_canonical_and_malformed_ones_say_where():
    same = ['[{"rule": ["b", "a"], "account": "1"}]', '{"account": ["1"], "rule": ["a", "b"]}']
    found, reasons = read_scopes(
        pd.Series([*same, '[{"acount": ["1"]}]', '[{"rule": ["*"]}]', '"all"'], dtype="str")
    )
    assert found[0] == found[1]
    assert reasons[2].startswith("scope 0.acount: there is no such dimension")
    assert "at least one of organization" in reasons[3]
    assert 4 in reasons


class Cells:
    """Rows kept by column."""

    def __init__(self, texts):
        self.texts = texts

    def __len__(self):
        return len(self.texts)

    def held(self, column):
        return pa.array(self.texts, pa.large_string())[1:]  # a column may be a part of a longer one


@given(st.lists(st.one_of(st.none(), st.text("ab -\t\u00a0\u2003é?\n", max_size=4)), max_size=6))
def test_a_column_holds_what_its_rows_hold_one_by_one(cells):
    by_row = draw(Told([{"c": text} for text in cells]), source(), frozenset(("-", "?a", "")))
    by_column = draw(Cells([" longer ", *cells]), source(), frozenset(("-", "?a", "")))
    assert by_column.to_pylist() == by_row
