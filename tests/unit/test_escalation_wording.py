"""Words in e-mails: foreign text stays harmless, times and durations read well."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.escalation.render import Templates
from governance.escalation.wording import counted, duration, line, link, moment, standing

BASE = "https://governance.example.com/requests/"


@given(st.text())
def test_foreign_text_is_always_one_printable_line(text: str) -> None:
    shown = line(text, 80)
    assert len(shown) <= 80
    assert shown.splitlines() in ([], [shown])
    assert not any(char in shown for char in "\r\n\0\u202e\u2066\u200b\u2028")


def test_a_line_break_cannot_start_a_header() -> None:
    assert line("Approve\r\nBcc: all@example.com") == "Approve Bcc: all@example.com"


def test_a_text_that_turns_the_reading_direction_is_straightened() -> None:
    assert line("invoice\u202efdp.exe") == "invoice fdp.exe"


def test_long_text_is_cut_and_says_so() -> None:
    assert line("word " * 100, 12) == "word word w…"


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,hello",
        "//example.com",
        "https://",
        'https://example.com/" onclick="x',
        "https://example.com/\nBcc: a",
        "http://[::1",
        "ftp://example.com/a",
    ],
)
def test_an_address_that_is_not_a_plain_web_address_is_replaced_by_ours(url: str | None) -> None:
    assert link(url, BASE, "CHG-000001") == f"{BASE}CHG-000001"


def test_a_web_address_of_the_source_is_kept() -> None:
    url = "https://tickets.example.com/browse/GOV-12?focus=comments#4"
    assert link(url, BASE, "CHG-000001") == url


@pytest.mark.parametrize(
    ("overdue", "said"),
    [
        (33, "4 business days overdue"),
        (8, "1 business day overdue"),
        (7.9, "7 business hours overdue"),
        (0.5, "just overdue"),
        (0, "just overdue"),
        (-0.5, "due in less than 1 business hour"),
        (-1, "due in 1 business hour"),
        (-24, "due in 3 business days"),
    ],
)
def test_how_late_it_is_reads_in_business_days_then_hours(overdue: float, said: str) -> None:
    assert standing(overdue, day_hours=8) == said


def test_counts_and_lengths_agree_in_number() -> None:
    assert [counted(1, "request"), counted(1200, "request")] == ["1 request", "1,200 requests"]
    assert duration(16, 8) == "2 business days"


def test_an_instant_is_shown_on_the_readers_clock() -> None:
    instant = datetime(2026, 3, 27, 8, 5, tzinfo=UTC)
    assert moment(instant, "Europe/Berlin") == "Fri 27 Mar 2026, 09:05 CET"
    assert moment(instant, "Australia/Sydney") == "Fri 27 Mar 2026, 19:05 AEDT"


def test_values_are_escaped_in_html_never_read_as_template_and_missing_ones_are_errors(
    tmp_path: Path,
) -> None:
    (tmp_path / "email").mkdir()
    for kind in ("txt", "html"):
        (tmp_path / "email" / f"note.{kind}").write_text("{{ title }}", "utf-8")
    templates = Templates(tmp_path)
    text, html = templates.bodies("note", title="<b>{{ 7 * 7 }}</b>")
    assert text == "<b>{{ 7 * 7 }}</b>"
    assert html == "&lt;b&gt;{{ 7 * 7 }}&lt;/b&gt;"
    with pytest.raises(Exception, match="'title' is undefined"):
        templates.bodies("note")
