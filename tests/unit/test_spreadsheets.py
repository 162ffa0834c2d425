"""What we write for spreadsheets: text stays text, drop-downs offer what is declared, bytes do not change."""

from __future__ import annotations

import csv
import re
import zipfile
from datetime import UTC, date, datetime

import openpyxl
import pytest

from governance.spreadsheets import Column, Sheet, write_csv, write_xlsx

HOSTILE = (
    "=HYPERLINK(\"http://evil.example\")", "+1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1",
    "＝1+1",
)  # fmt: skip


def cells(path, sheet=0):
    return [
        [cell.value for cell in row] for row in openpyxl.load_workbook(path).worksheets[sheet].iter_rows()
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(tmp_path, text):
    write_csv(tmp_path / "a.csv", ["title", text], [[text, "plain"]])
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [["title", f"'{text}"], [f"'{text}", "plain"]]
    write_xlsx(tmp_path / "a.xlsx", [Sheet("s", [Column("title")], [[text]])])
    (_, (written,)) = cells(tmp_path / "a.xlsx")
    assert written.replace("\r", "").startswith("'")


def test_no_cell_of_a_workbook_is_a_formula_and_numbers_and_dates_stay_what_they_are(tmp_path):
    row = ["=1+1", -5, 2.5, True, date(2026, 3, 1), datetime(2026, 3, 1, 9, 30, tzinfo=UTC), None]
    write_xlsx(tmp_path / "a.xlsx", [Sheet("s", [Column(c) for c in "abcdefg"], [row])])
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    written = list(book["s"].iter_rows())[1]
    assert [cell.data_type for cell in written] == ["s", "n", "n", "b", "d", "d", "n"]
    assert [str(cell.value) for cell in written[1:6]] == [
        "-5",
        "2.5",
        "True",
        "2026-03-01 00:00:00",
        "2026-03-01 09:30:00",
    ]
    with zipfile.ZipFile(tmp_path / "a.xlsx") as parts:
        assert not [name for name in parts.namelist() if b"<f>" in parts.read(name)]


def test_negative_numbers_in_csv_are_no_formulas(tmp_path):
    write_csv(tmp_path / "a.csv", ["n"], [[-5], [None]])
    assert (tmp_path / "a.csv").read_bytes() == b'\xef\xbb\xbfn\r\n-5\r\n""\r\n'


def test_a_column_with_choices_has_a_drop_down_for_every_row_of_the_form(tmp_path):
    words = tuple(
        f"a choice, with a comma {n}" for n in range(40)
    )  # more than a list in the rule itself may hold
    columns = [
        Column("title", note="One line"),
        Column("risk", choices=words),
        Column("again", choices=words),
    ]
    write_xlsx(tmp_path / "form.xlsx", [Sheet("requests", columns)])
    book = openpyxl.load_workbook(tmp_path / "form.xlsx")
    rules = {str(rule.sqref): rule for rule in book["requests"].data_validations.dataValidation}
    assert rules["A2:A1000"].prompt == "One line"
    assert rules["B2:B1000"].formula1 == rules["C2:C1000"].formula1 == "lists!$A$1:$A$40"
    assert rules["B2:B1000"].showErrorMessage
    assert book["lists"].sheet_state == "hidden"
    assert tuple(row[0].value for row in book["lists"].iter_rows()) == words


def test_the_same_sheets_give_the_same_bytes_at_any_time(tmp_path):
    sheets = [Sheet("s", [Column("a", choices=("x", "y"))], [["x"]])]
    write_xlsx(tmp_path / "a.xlsx", sheets)
    first = (tmp_path / "a.xlsx").read_bytes()
    assert b"2026" not in first
    write_xlsx(tmp_path / "a.xlsx", sheets)
    assert (tmp_path / "a.xlsx").read_bytes() == first


def test_what_a_cell_cannot_hold_is_shown_or_cut_not_raised(tmp_path):
    write_xlsx(
        tmp_path / "a.xlsx", [Sheet("s", [Column("a")], [["nul\x00 bell\x07 \ud83d"], ["x" * 40_000]])]
    )
    (_, (shown,), (cut,)) = cells(tmp_path / "a.xlsx")
    assert shown == "nul␀ bell� <U+D83D>"
    assert len(cut) == 32_767


def test_nothing_else_writes_files_for_spreadsheets(root):
    """The stand-ins write what sources of others would send; `packed` makes those workbooks."""
    library = root / "include" / "governance"
    writes = re.compile(
        r"csv\.(writer|DictWriter)|\.to_excel\(|openpyxl\.Workbook|xlsxwriter|\.to_csv\((?!index=False\))"
    )
    found = {
        p.relative_to(library).as_posix()
        for p in library.rglob("*.py")
        if writes.search(p.read_text("utf-8"))
    }
    assert {name for name in found if not name.startswith("sandbox/")} == {"spreadsheets.py"}
