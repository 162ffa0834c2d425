"""The request form as plain text: what people make of the e-mail template is read back."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.intake import form_text as forms
from governance.intake.form_text import END, MARKER, form_fields, form_text, has_form

LABELS = ["Title", "Risk level", "Benefit", "What if denied?", "Scopes (JSON)"]
WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)


def test_the_doctests_hold():
    assert doctest.testmod(forms).failed == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Title: Open 443", {"Title": "Open 443"}),
        ("title :Open 443", {"Title": "Open 443"}),
        ("> > Title: Open 443", {"Title": "Open 443"}),
        ("- **Title:** Open 443", {"Title": "Open 443"}),
        ("*Title*: Open 443", {"Title": "Open 443"}),
        ("Title： Open 443", {"Title": "Open 443"}),
        ("Title: a：b", {"Title": "a：b"}),
        ("RISK\xa0 LEVEL (low, medium, high): low", {"Risk level": "low"}),
        ("What if denied?: it stays", {"What if denied?": "it stays"}),
        ('Scopes (JSON): [{"account": ["1"]}]', {"Scopes (JSON)": '[{"account": ["1"]}]'}),
        ("Title: Open\nNote: this is no label\nRisk level: low", {"Title": "Open\nNote: this is no label", "Risk level": "low"}),
        ("Title: a\n# a hint: of the template\nBenefit: b", {"Title": "a", "Benefit": "b"}),
        (f"Title: of the letter\n{MARKER}\nTitle: of the form\n{END}\nTitle: below", {"Title": "of the form"}),
        ("Title: a\n--\nBenefit: of the signature", {"Title": "a"}),
        ("Title: a\n-----Original Message-----\nBenefit: quoted", {"Title": "a"}),
        ("Title:\nBenefit:   \n", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_what_people_write_is_read(text, found):
    assert form_fields(text, LABELS) == found


def test_a_marker_is_a_line_of_its_own():
    assert has_form("=== REQUEST FORM: change ===")
    assert not has_form("please send me the request form")


@given(
    st.dictionaries(
        st.sampled_from(LABELS), st.lists(WORDS, min_size=1, max_size=3).map("\n".join), min_size=1
    )
)
def test_what_was_written_comes_back(fields):
    text = form_text(fields, "change")
    assert has_form(text)
    assert form_fields(text, LABELS) == fields
    quoted = "\n".join(f"> {line}" for line in text.splitlines())
    assert form_fields("Here it is.\n\n" + quoted, LABELS) == fields


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    assert set(form_fields(text, LABELS)) <= set(LABELS)
