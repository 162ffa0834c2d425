"""Read one sheet of a workbook (.xlsx): each row below the header becomes a record.

What a cell shows is what counts: of a formula the result that was stored with it, which is never computed
anew; text that looks like a formula is text. Dates that are typed as such become ISO text without an offset,
which the spec reads on the clock of its time zone. A cell that is merged over several rows holds for each.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import repeat
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from governance.intake.readers.files.limits import LONGEST_CELL, UnreadableFileError, kept
from governance.intake.readers.files.options import XlsxOptions
from governance.intake.readers.files.workbook_parts import LAST_ROW, Layout, checked, layout_of
from governance.intake.records import Raw, Record

Cells = dict[int, Any]
"""Column, counted from 1 -> what its cell holds; empty cells are left out."""


def records_of(name: str, content: bytes, options: XlsxOptions) -> Iterator[Record]:
    """Yield the rows of a sheet, empty ones left out; raises UnreadableFileError."""
    try:
        parts = checked(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which hold no records
            rows = dict(_rows(content, parts, options))
    except UnreadableFileError:
        raise
    except Exception as error:  # (openpyxl stumbles over a broken part in many ways)
        words = " ".join(str(error).split())[:200]
        raise UnreadableFileError(
            f"is no workbook that can be read: {type(error).__name__}: {words}"
        ) from error
    header = _header(rows.pop(options.header_row, {}), options.header_row)
    for number, cells in rows.items():
        yield Record(f"{name}:{number}", *_record(header, cells))


def _rows(content: bytes, parts: zipfile.ZipFile, options: XlsxOptions) -> Iterator[tuple[int, Cells]]:
    """Yield (row, cells) from the header on; a formula without a stored result is marked as such."""
    shown = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    position = _position(shown.sheetnames, options.sheet)
    sheet = _table(shown, position)
    layout = layout_of(parts, sheet._worksheet_path)
    missing: Iterable[set[int]] = repeat(set())
    if layout.has_formulas:
        written = _table(load_workbook(io.BytesIO(content), read_only=True), position)
        missing = _without_result(sheet, written)
    above: dict[tuple[int, int], Any] = {}
    for number, (row, open_cells) in enumerate(
        zip(sheet.iter_rows(values_only=True), missing, strict=False), 1
    ):
        if number > LAST_ROW:
            raise UnreadableFileError(f"names a row beyond {LAST_ROW:,}, the last that a sheet has")
        cells: Cells = {column: v for column, v in enumerate(row, start=1) if not _is_blank(v)}
        cells |= dict.fromkeys(open_cells, _NO_RESULT)
        if cells and number >= options.header_row:
            _spread(layout, number, cells, above)
            yield number, cells


def _without_result(shown: Any, written: Any) -> Iterator[set[int]]:
    """Yield, row by row, the columns of formulas that were never computed; an empty text is a result."""
    for results, formulas in zip(shown.iter_rows(), written.iter_rows(values_only=True), strict=False):
        yield {
            column
            for column, (cell, formula) in enumerate(zip(results, formulas, strict=False), start=1)
            if cell.value is None and cell.data_type != "str" and not _is_blank(formula)
        }


_NO_RESULT = object()
"""What a formula shows that was never computed."""


def _position(names: list[str], sheet: int | str) -> int:
    if isinstance(sheet, int) and sheet <= len(names):
        return sheet - 1
    if sheet in names:
        return names.index(str(sheet))
    raise UnreadableFileError(f"has no sheet {sheet!r}: there are {', '.join(map(repr, names)) or 'none'}")


def _table(book: Any, position: int) -> Any:
    sheet = book[book.sheetnames[position]]
    if not hasattr(sheet, "reset_dimensions"):
        raise UnreadableFileError(f"has a chart where sheet {sheet.title!r} is expected to be a table")
    sheet.reset_dimensions()  # what the file says about its own size is not to be trusted
    return sheet


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _spread(layout: Layout, number: int, cells: Cells, above: dict[tuple[int, int], Any]) -> None:
    """Fill in what a cell merged over several rows says for this row; `above` remembers its first row."""
    for column in layout.begins.get(number, ()):
        above[number, column] = cells.get(column)
    for column, first in layout.continues.get(number, {}).items():
        if above.get((first, column)) is not None:
            cells.setdefault(column, above[first, column])


def _header(cells: Cells, row: int) -> dict[int, str]:
    names = {column: str(_value(value)).strip() for column, value in cells.items()}
    if not names:
        raise UnreadableFileError(f"has no header in row {row}", row)
    twice = next((name for name in names.values() if list(names.values()).count(name) > 1), None)
    if twice is not None:
        raise UnreadableFileError(f"has a header that names the column {twice!r} twice", row)
    return names


def _record(header: dict[int, str], cells: Cells) -> tuple[Raw, str | None]:
    raw: Raw = {name: _value(cells.get(column)) for column, name in header.items()}
    problems = [f"cell {get_column_letter(column)} {why}" for column, why in _wrong(cells)]
    beyond = {get_column_letter(c): _value(value) for c, value in cells.items() if c not in header}
    if beyond:
        raw["@beyond"] = beyond
        problems.append(f"a value in column {', '.join(beyond)}, which the header does not name")
    return raw, "; ".join(problems) or None


def _wrong(cells: Cells) -> Iterator[tuple[int, str]]:
    for column, value in cells.items():
        if value is _NO_RESULT:
            yield column, "holds a formula without a stored result"
        elif isinstance(value, str) and len(value) > LONGEST_CELL:
            yield column, f"holds {len(value):,} characters, at most {LONGEST_CELL:,} are read"


def _value(value: Any) -> Any:
    """Return what JSON can hold. Seconds are the finest that a sheet shows."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, datetime):
        return (value + timedelta(milliseconds=500)).replace(microsecond=0).isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    return None if value is _NO_RESULT else kept(str(value))
