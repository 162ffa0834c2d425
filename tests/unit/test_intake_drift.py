"""Columns that are new, missing or of another type are named; what a record may leave out is not missed."""

from __future__ import annotations

import pytest

from governance.intake.drift import DriftLimits, as_json, changes, from_json, merged, observe

ROWS = [{"id": n, "state": "new", "who": "ann", "open": "-"} for n in range(10)]
MAPPED = [("id",), ("state",), ("title.text", "who")]


def drift(now, before=None, **limits):
    found = changes(before or observe(ROWS, ("-",)), observe(now, ("-",)), MAPPED, DriftLimits(**limits))
    return [(one.column, one.change, one.weight) for one in found]


def test_the_same_columns_are_no_change_whatever_their_order():
    assert drift([dict(reversed(row.items())) for row in ROWS[:3]]) == []


def test_a_new_column_is_noted():
    assert drift([{**row, "channel": "mail"} for row in ROWS]) == [("channel", "new", "note")]


def test_a_mapped_column_that_is_gone_holds_the_batch_and_another_does_not():
    assert drift([{"id": 1, "who": "ann", "open": ""}]) == [("state", "missing", "hold")]
    assert drift([{"id": 1, "state": "new", "who": "ann"}]) == [("open", "missing", "note")]
    assert drift([{"id": 1, "who": "ann", "open": ""}], missing="note") == [("state", "missing", "note")]


def test_a_field_that_is_drawn_from_another_column_does_not_miss_the_first():
    assert drift([{"id": 1, "state": "new", "open": "", "title": {"text": "t"}}]) == [
        ("title", "new", "note"), ("who", "missing", "note"),
    ]  # fmt: skip


def test_a_column_of_another_type_is_named_with_both():
    found = changes(
        observe(ROWS), observe([{**row, "id": f"A{row['id']}"} for row in ROWS]), MAPPED, DriftLimits()
    )
    assert [one.words for one in found] == ["column 'id' held number, now text"]


@pytest.mark.parametrize(("count", "expected"), [(19, []), (20, ["code"])])
def test_digits_that_become_text_need_many_values_to_be_remarkable(count, expected):
    digits = observe([{"code": f"{n:04d}"} for n in range(count)])
    words = observe([{"code": f"A{n}"} for n in range(count)])
    assert [one.column for one in changes(digits, words, [], DriftLimits())] == expected


def test_an_optional_key_is_neither_missed_nor_new_again():
    before = observe([{"id": 1}, {"id": 2, "note": "x"}])
    now = observe([{"id": 3}])
    assert changes(before, now, [("note",)], DriftLimits()) == []
    assert changes(merged(before, now), observe([{"id": 4, "note": "y"}]), [("note",)], DriftLimits()) == []


def test_what_a_run_keeps_is_what_the_next_one_reads():
    shapes = observe(ROWS)
    assert from_json(as_json(shapes)) == shapes
