"""What a workbook is made of: a zip of XML, examined before anything of it is unfolded.

Zip bombs: the directory says how large each part becomes, and no more than that is ever unpacked. XML bombs
and files outside: a part with a document type is refused, because entities are declared nowhere else.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from openpyxl.utils.cell import range_boundaries

from governance.intake.readers.files import limits
from governance.intake.readers.files.limits import UnreadableFileError

LAST_ROW = 1_048_576
MOST_PARTS = 5000
MOST_MERGED_ROWS = 1_000_000

_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Z0-9:$]{2,30})[\"']")


@dataclass(frozen=True)
class Layout:
    """What the rows of a sheet do not say themselves.

    `begins`: row -> columns of cells that are merged with rows below. `continues`: row -> column -> the row
    where the cell began.
    """

    has_formulas: bool = False
    begins: dict[int, list[int]] = field(default_factory=dict)
    continues: dict[int, dict[int, int]] = field(default_factory=dict)


def checked(content: bytes) -> zipfile.ZipFile:
    """Return the parts of a workbook that is safe to unfold; raises UnreadableFileError."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(content))
        entries = parts.infolist()
    except zipfile.BadZipFile as error:
        raise UnreadableFileError(
            f"is no .xlsx workbook (encrypted, or of another format): {error}"
        ) from error
    size = sum(entry.file_size for entry in entries)
    if size > limits.LARGEST_WORKBOOK or len(entries) > MOST_PARTS:
        raise UnreadableFileError(
            f"unpacks to {size:,} bytes in {len(entries):,} parts,"
            f" at most {limits.LARGEST_WORKBOOK:,} in {MOST_PARTS:,} are read"
        )
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels", ".vml")):
            _check_prolog(parts, entry)
    return parts


def _check_prolog(parts: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """A document type stands before the first element or nowhere."""
    try:
        with parts.open(entry) as part:
            next(iter(iterparse(part, events=("start",), forbid_dtd=True)), None)
    except DefusedXmlException as error:
        raise UnreadableFileError(f"declares a document type in {entry.filename}: refused") from error
    except ParseError as error:
        raise UnreadableFileError(f"is broken in {entry.filename}: {error}") from error


def layout_of(parts: zipfile.ZipFile, path: str) -> Layout:
    """Return which cells of a sheet are merged over rows, and whether it holds formulas."""
    text = parts.read(path) if path in parts.namelist() else b""
    layout = Layout(has_formulas=_FORMULA.search(text) is not None)
    rows = 0
    for reference in _MERGED.findall(text):
        column, first, _, last = (edge or 0 for edge in range_boundaries(reference.decode("ascii")))
        if not column or not first or last <= first:
            continue
        rows += last - first
        if last > LAST_ROW or rows > MOST_MERGED_ROWS:
            raise UnreadableFileError(f"merges cells over more than {MOST_MERGED_ROWS:,} rows")
        layout.begins.setdefault(first, []).append(column)
        for row in range(first + 1, last + 1):
            layout.continues.setdefault(row, {})[column] = first
    return layout
