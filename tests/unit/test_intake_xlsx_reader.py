"""Workbooks: what the cells of one sheet show, nothing computed, nothing lost, and no bomb unfolded."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart

from governance.intake.readers.files import limits, workbooks
from governance.intake.readers.files.options import XlsxOptions
from governance.intake.readers.files.places import Folder
from governance.intake.readers.files.reader import FileReader
from governance.intake.records import Pull

HEADER = ["id", "note"]


def book(*rows, merged: tuple[str, ...] = (), sheets: tuple[str, ...] = ()) -> bytes:
    """Make a workbook of one sheet with these rows; `sheets` are put before it."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for reference in merged:
        made.active.merge_cells(reference)
    for position, name in enumerate(sheets):
        made.create_sheet(name, position)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def changed(content: bytes, part: str, old: str, new: str) -> bytes:
    """Replace text in one part of a workbook."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as found,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name in found.namelist():
            text = found.read(name)
            if name == part:
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode())
            out.writestr(name, text)
    return buffer.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def read(folder: Path, content: bytes, name: str = "r.xlsx", pull: Pull | None = None, **options):
    (folder / name).write_bytes(content)
    reader = FileReader(XlsxOptions(type="xlsx", **options), Folder(folder / name), workbooks.records_of)
    return list(reader.records(pull or Pull()))


def test_a_row_is_a_record_that_knows_its_row_and_empty_rows_are_none(tmp_path):
    found = read(tmp_path, book(HEADER, ["1", "a"], [], [None, " "], ["2", None], ["3"]))
    assert [(r.locator, r.raw) for r in found] == [
        ("r.xlsx:2", {"id": "1", "note": "a"}),
        ("r.xlsx:5", {"id": "2", "note": None}),
        ("r.xlsx:6", {"id": "3", "note": None}),
    ]


def test_typed_cells_become_what_json_can_hold_and_dates_become_iso_text_of_the_clock(tmp_path):
    row = [7, 1.5, True, datetime(2026, 3, 14, 9, 30), date(2026, 3, 14), time(9, 30), 100000000012.0, "0012"]  # noqa: DTZ001
    (record,) = read(tmp_path, book(list("abcdefgh"), row))
    assert list(record.raw.values()) == [
        7, 1.5, True, "2026-03-14T09:30:00", "2026-03-14T00:00:00", "09:30:00", 100000000012, "0012",
    ]  # fmt: skip


def test_the_sheet_is_chosen_by_name_or_position_and_the_header_by_its_row(tmp_path):
    content = book(["Requests of 2026"], [], HEADER, ["1", "a"], sheets=("Cover",))
    by_position = read(tmp_path, content, sheet=2, header_row=3)
    assert [(r.locator, r.raw) for r in by_position] == [("r.xlsx:4", {"id": "1", "note": "a"})]
    assert read(tmp_path, content, sheet="Sheet", header_row=3) == by_position
    (record,) = read(tmp_path, content, sheet="Requests")
    assert record.problem == "the file has no sheet 'Requests': there are 'Cover', 'Sheet'"
    (record,) = read(tmp_path, content, sheet=3)
    assert record.problem == "the file has no sheet 3: there are 'Cover', 'Sheet'"
    (record,) = read(tmp_path, content, sheet=2, header_row=2)
    assert (record.locator, record.problem) == ("r.xlsx:2", "the file has no header in row 2")


def test_a_sheet_that_is_a_chart_is_no_table(tmp_path):
    made = openpyxl.Workbook()
    made.create_chartsheet("Chart", 0).add_chart(BarChart())
    made.save(tmp_path / "r.xlsx")
    (record,) = read(tmp_path, (tmp_path / "r.xlsx").read_bytes())
    assert record.problem is not None


def test_a_header_that_names_a_column_twice_condemns_the_file(tmp_path):
    pull = Pull()
    (record,) = read(tmp_path, book(["id", "id"], ["1", "2"]), pull=pull)
    assert record.problem == "the file has a header that names the column 'id' twice"
    assert pull.places == set()


def test_a_value_outside_of_the_named_columns_is_kept_and_named(tmp_path):
    good, bad = read(tmp_path, book(HEADER, ["1", "a"], ["2", "b", None, "stray"]))
    assert good.problem is None
    assert bad.problem == "a value in column D, which the header does not name"
    assert bad.raw == {"id": "2", "note": "b", "@beyond": {"D": "stray"}}


def test_a_cell_merged_over_rows_holds_for_each_of_them_and_makes_no_row_by_itself(tmp_path):
    rows = (
        ["dept", "id", "note"],
        ["Ops", "1", "a"],
        [None, "2", "b"],
        [None, None, None],
        ["Dev", "3", "c"],
    )
    found = read(tmp_path, book(*rows, merged=("A2:A4", "B5:C5")))
    assert [list(r.raw.values()) for r in found] == [["Ops", "1", "a"], ["Ops", "2", "b"], ["Dev", "3", None]]


def test_a_formula_counts_as_the_result_that_was_stored_with_it_and_is_never_computed(tmp_path):
    content = book(HEADER, ["1", "=1+1"], ["2", "=A1"], ["3", "=A2"], ["4", "b"])
    for cell, result in (("B2", "<f>1+1</f><v>41</v>"), ("B3", "<f>A1</f><v></v>")):
        text = zipfile.ZipFile(io.BytesIO(content)).read(SHEET).decode()
        found = re.search(rf'<c r="{cell}"[^>]*>.*?</c>', text)[0]
        kind = ' t="str"' if cell == "B3" else ""
        content = changed(content, SHEET, found, f'<c r="{cell}"{kind}>{result}</c>')
    first, empty, unknown, plain = read(tmp_path, content)
    assert (first.raw["note"], first.problem) == (41, None)
    assert (empty.raw["note"], empty.problem) == (None, None)  # the result is an empty text
    assert (unknown.raw, unknown.problem) == (
        {"id": "3", "note": None},
        "cell B holds a formula without a stored result",
    )
    assert (plain.raw["note"], plain.problem) == ("b", None)


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    content = changed(book(HEADER, ["1", "@cmd"]), SHEET, "<t>@cmd</t>", "<t>=cmd|' /C calc'!A0</t>")
    assert read(tmp_path, content)[0].raw["note"] == "=cmd|' /C calc'!A0"


def test_what_a_workbook_says_about_its_own_size_is_not_believed(tmp_path):
    content = changed(book(HEADER, ["1", "a"], ["2", "b"]), SHEET, 'ref="A1:B3"', 'ref="A1:A1"')
    assert [r.raw for r in read(tmp_path, content)] == [{"id": "1", "note": "a"}, {"id": "2", "note": "b"}]


def test_a_packed_workbook_is_unpacked(tmp_path):
    (record,) = read(tmp_path, gzip.compress(book(HEADER, ["1", "a"])), "r.xlsx.gz")
    assert (record.locator, record.raw) == ("r.xlsx.gz:2", {"id": "1", "note": "a"})


@pytest.mark.parametrize("content", [
    b"", b"id,note\n1,a\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, b"PK\x05\x06" + b"\0" * 18,
], ids=["empty", "csv", "encrypted-or-xls", "empty-zip"])  # fmt: skip
def test_what_is_no_workbook_is_one_record_that_says_so(tmp_path, content):
    (record,) = read(tmp_path, content)
    assert record.problem.startswith("the file is no ")
    assert record.raw == {"@file": "r.xlsx"}


def test_a_workbook_broken_anywhere_raises_nothing(tmp_path):
    content = book(HEADER, ["1", "a"], ["2", "b"])
    for old, new in (
        ("<v>1</v>", "<v>NaN</v>"),
        ("</row>", ""),
        ('r="A2"', 'r="ÄÖ"'),
        ('t="s"', 't="s" s="9999"'),
    ):
        try:
            broken = changed(content, SHEET, old, new)
        except AssertionError:
            continue
        assert read(tmp_path, broken)
    for cut in range(0, len(content), 97):
        assert read(tmp_path, content[:cut])
        assert read(tmp_path, content[:cut] + b"\xff" * 9 + content[cut + 9 :]) is not None


def test_a_zip_bomb_is_refused_by_what_it_would_become(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "LARGEST_WORKBOOK", 20 * 1024**2)
    buffer = io.BytesIO(book(HEADER, ["1", "a"]))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as out:
        out.writestr("xl/media/bomb.bin", b"\0" * 30 * 1024**2)
    assert len(buffer.getvalue()) < 50_000
    (record,) = read(tmp_path, buffer.getvalue())
    assert re.match(r"the file unpacks to 31,\d+,\d+ bytes in \d+ parts, at most 20,971,520 ", record.problem)


def test_a_zip_that_lies_about_the_size_of_its_parts_is_not_unfolded(tmp_path, monkeypatch):
    content = book(HEADER, *([str(n), "x" * 500] for n in range(2000)))
    monkeypatch.setattr(limits, "LARGEST_WORKBOOK", 60_000)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sizes = [entry.file_size for entry in parts.infolist() if entry.file_size > 10_000]
    for size in sizes:
        content = content.replace(size.to_bytes(4, "little"), (10_000).to_bytes(4, "little"))
    (record,) = read(tmp_path, content)
    assert record.problem.startswith("the file is ")


LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)  # fmt: skip
OUTSIDE = '<!DOCTYPE x [<!ENTITY i SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize("bomb", [LAUGHS, OUTSIDE], ids=["billion-laughs", "external-entity"])
@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_part_that_declares_entities_is_refused(tmp_path, bomb, part, encoding):
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book(HEADER, ["1", "a"]))) as found, zipfile.ZipFile(buffer, "w") as out:
        for name in found.namelist():
            text = found.read(name)
            if name == part:
                body = re.sub(r"^<\?xml.*?\?>\s*", "", text.decode())
                text = f"<?xml version='1.0' encoding='{encoding}'?>{bomb}]>{body}".replace(
                    ">id<", ">&i;<"
                ).encode(encoding)
            out.writestr(name, text)
    (record,) = read(tmp_path, buffer.getvalue())
    assert record.problem == f"the file declares a document type in {part}: refused"


def test_a_cell_of_100_mb_condemns_its_row_and_only_its_beginning_is_kept(tmp_path):
    content = changed(
        book(HEADER, ["1", "long"], ["2", "b"]),
        SHEET,
        "<t>long</t>",
        f"<t>{'x' * 100_000_000}</t>",
    )
    assert len(content) < 200_000
    bad, good = read(tmp_path, content)
    assert bad.problem == "cell B holds 100,000,000 characters, at most 1,048,576 are read"
    assert len(bad.raw["note"]) < 5000
    assert (good.raw, good.problem) == ({"id": "2", "note": "b"}, None)


def test_a_row_that_no_sheet_has_ends_the_reading(tmp_path):
    content = changed(book(HEADER, ["1", "a"]), SHEET, '<row r="2"', '<row r="99999999999"')
    (record,) = read(tmp_path, content)
    assert record.problem == "the file names a row beyond 1,048,576, the last that a sheet has"


def test_a_merge_over_everything_is_refused(tmp_path):
    merges = "".join(f'<mergeCell ref="A2:A{1_000_000 + n}"/>' for n in range(100))
    content = changed(
        book(HEADER, ["1", "a"]), SHEET, "</sheetData>", f"</sheetData><mergeCells>{merges}</mergeCells>"
    )
    (record,) = read(tmp_path, content)
    assert record.problem == "the file merges cells over more than 1,000,000 rows"
