"""Every CSV and XLSX file that we write goes through here, so that no cell of it runs as a formula.

A spreadsheet program takes text that begins with one of `FORMULA_STARTS` for a formula, and request text is
written by strangers. Such text gets a leading apostrophe (OWASP, CSV Injection); in XLSX every text is a text
cell besides. Numbers, dates and booleans are no text and stay what they are.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from governance.quality.storable import storable

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""The full-width signs are signs to spreadsheets in East Asian locales."""
LONGEST_CELL = 32_767
"""Characters that a cell of a spreadsheet holds."""
FORM_ROWS = 1000
"""Rows of a sheet that have its drop-downs, where it holds fewer records."""

_LISTS = "lists"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Cell = str | int | float | bool | date | datetime | time | None


def neutral(value: Cell) -> Cell:
    """Return a value that no spreadsheet runs.

    >>> neutral("=1+1"), neutral("-5 days"), neutral(-5), neutral("a=b")
    ("'=1+1", "'-5 days", -5, 'a=b')
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


@dataclass(frozen=True)
class Column:
    """A column of a sheet. With `choices` its cells have a drop-down that takes nothing else."""

    title: str
    width: float = 24
    choices: tuple[str, ...] = ()
    note: str = ""
    """Shown where a cell of the column is chosen."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: a header, which stays in sight, and rows below it."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]] = ()


def write_csv(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]], delimiter: str = ","
) -> None:
    """Write a CSV file (RFC 4180, UTF-8 with a byte order mark, so that spreadsheets read it as UTF-8)."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([neutral(title) for title in header])
    writer.writerows([neutral(cell) for cell in row] for row in rows)
    path.write_bytes(storable(buffer.getvalue()).encode("utf-8-sig"))


def write_xlsx(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write a workbook; the same sheets give the same bytes. Times are written as the clock shows them."""
    import openpyxl  # noqa: PLC0415 (half a second that only spreadsheets need)

    book = openpyxl.Workbook()
    assert book.active is not None  # noqa: S101 (a new workbook has one sheet)
    book.remove(book.active)
    lists: list[tuple[str, ...]] = []
    for sheet in sheets:
        written = book.create_sheet(sheet.name)
        _fill(written, sheet)
        _drop_downs(written, sheet, lists)
    if lists:
        _write_lists(book.create_sheet(_LISTS), lists)
    path.write_bytes(packed(book))


def packed(book: Workbook) -> bytes:
    """Return a workbook as a file that does not say when it was saved."""
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_time(buffer.getvalue())


def _fill(written: Worksheet, sheet: Sheet) -> None:
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    for row, cells in enumerate([[column.title for column in sheet.columns], *sheet.rows], start=1):
        for column, value in enumerate(cells, start=1):
            _write(written, row, column, value)
    for position, column_of in enumerate(sheet.columns, start=1):
        written.cell(1, position).font = Font(bold=True)
        written.column_dimensions[get_column_letter(position)].width = column_of.width
    written.freeze_panes = "A2"


def _write(written: Worksheet, row: int, column: int, value: Cell) -> None:
    """Write one cell: text as a text cell, whatever it looks like; times without their offset."""
    cell = written.cell(row, column)
    if isinstance(value, str):
        text = neutral(_CONTROL.sub("�", storable(value)))
        cell.value = str(text)[:LONGEST_CELL]
        cell.data_type = "s"
    elif isinstance(value, (datetime, time)):
        cell.value = value.replace(tzinfo=None)
    else:
        cell.value = value


def _drop_downs(written: Worksheet, sheet: Sheet, lists: list[tuple[str, ...]]) -> None:
    """Add a validation for each column that asks for one; its words go to `lists`, one column each."""
    from openpyxl.utils import get_column_letter  # noqa: PLC0415
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415

    for position, column in enumerate(sheet.columns, start=1):
        if not column.choices and not column.note:
            continue
        rule = DataValidation(type=None, allow_blank=True)
        if column.choices:
            if column.choices not in lists:
                lists.append(column.choices)
            at = get_column_letter(lists.index(column.choices) + 1)
            formula = f"{_LISTS}!${at}$1:${at}${len(column.choices)}"
            rule = DataValidation(type="list", formula1=formula, allow_blank=True)
            rule.showErrorMessage, rule.errorTitle = True, column.title[:32]
            rule.error = "Choose one of the list."
        if column.note:
            rule.showInputMessage, rule.promptTitle, rule.prompt = True, column.title[:32], column.note[:255]
        letter = get_column_letter(position)
        rule.add(f"{letter}2:{letter}{max(FORM_ROWS, written.max_row)}")
        written.add_data_validation(rule)


def _write_lists(written: Worksheet, lists: list[tuple[str, ...]]) -> None:
    for column, choices in enumerate(lists, start=1):
        for row, choice in enumerate(choices, start=1):
            _write(written, row, column, choice)
    written.sheet_state = "hidden"


def _without_time(book: bytes) -> bytes:
    """Take out when the workbook was saved, so that the same content gives the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as found, zipfile.ZipFile(buffer, "w") as packed:
        for name in found.namelist():
            content = found.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"<dcterms:(created|modified).*?</dcterms:\1>", b"", content)
            packed.writestr(_entry(name), content)
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
