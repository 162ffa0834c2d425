"""Read delimited text: every line becomes a record; broken ones say what is wrong."""

from __future__ import annotations

import csv
import gc
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from governance.intake.blocks import RECORDS, Block
from governance.intake.readers.files.limits import LONGEST_CELL, UnreadableFileError, kept
from governance.intake.readers.files.options import CsvOptions
from governance.intake.readers.files.texts import decoded, legible, plain
from governance.intake.records import Raw, Record

csv.field_size_limit(LONGEST_CELL)

Row = tuple[int, Raw, str | None]
"""Line on which it begins, the cells by column, and what is wrong with it."""


def records_of(name: str, content: bytes, options: CsvOptions) -> Iterator[Record | Block]:
    """Yield the rows of a file; raises UnreadableFileError.

    They come in blocks as long as they can be cut straight on, and one by one after that.
    """
    last = yield from _straight_on(name, content, options)
    if last is None:
        return
    for line, raw, problem in delimited(decoded(content, options.encoding), options):
        if line > last:
            yield Record(f"{name}:{line}", *legible(raw, problem, options.encoding))


def _straight_on(
    name: str, content: bytes, options: CsvOptions
) -> Generator[Record | Block, None, int | None]:
    """Yield rows in blocks; return None at the end, or the last line before something is amiss."""
    text, last = plain(content, options.encoding), 0
    if text is None:
        return last
    reader = csv.reader(text, delimiter=options.delimiter, quotechar=options.quote, strict=True)
    try:
        header = [cell.strip() for cell in next(filter(None, reader), ())]
        if not header or len(set(header)) < len(header):
            return last
        while True:
            rows, lines = _next_rows(reader)
            if not rows:
                return None
            if set(map(len, rows)) == {len(header)}:
                yield _block(name, lines, dict(zip(header, zip(*rows, strict=True), strict=True)))
            else:
                for line, cells in zip(lines, rows, strict=True):
                    yield Record(f"{name}:{line}", *_row(header, cells))
            last = lines[-1]
    except (csv.Error, UnicodeDecodeError):
        return last


def _block(name: str, lines: list[int], cells: dict[str, tuple[str, ...]]) -> Block:
    import pyarrow as pa  # noqa: PLC0415 (not for a poll that finds no new file)

    return Block(name, lines, {column: pa.array(held, pa.large_string()) for column, held in cells.items()})


def _next_rows(reader: Any) -> tuple[list[list[str]], list[int]]:
    """Return the next rows that are not empty, and on which line each begins."""
    rows: list[list[str]] = []
    lines: list[int] = []
    end = reader.line_num
    with _no_collection():
        for cells in reader:
            if cells:
                rows.append(cells)
                lines.append(end + 1)
                if len(rows) == RECORDS:
                    break
            end = reader.line_num
    return rows, lines


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let nobody look for cycles meanwhile: lists of text have none, and there are many of them."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def delimited(text: str, options: CsvOptions) -> Iterator[Row]:
    """Yield the rows of delimited text; quoted cells may hold delimiters and line breaks.

    Raises UnreadableFileError where the header cannot be read.

    >>> options = CsvOptions(type="csv")
    >>> list(delimited("a,b\\n1,2\\n3\\n", options))
    [(2, {'a': '1', 'b': '2'}, None), (3, {'a': '3'}, '1 cell where the header has 2')]
    """
    header: list[str] | None = None
    for line, cells, problem in _cut(_Lines(text), options):
        if header is not None:
            if problem:
                yield line, {"@line": kept(cells[0])}, problem
            elif cells:
                yield line, *_row(header, cells)
        elif cells:
            header = [name.strip() for name in cells]
            twice = next((name for name in header if header.count(name) > 1), None)
            if problem or twice is not None:
                why = problem or f"has a header that names the column {twice!r} twice"
                raise UnreadableFileError(why, line, legible({"@text": kept(text)}, None, "")[0])


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class _Lines:
    """The lines of a text, one at a time: a list of them would take more memory than the text.

    Those of the row that is being read are remembered, to begin again after its first.
    """

    def __init__(self, text: str) -> None:
        self._rest: Iterator[str] = (found[0] for found in _LINE.finditer(text))
        self._of_row: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._rest)
        self._of_row.append(line)
        return line

    def row_is_whole(self) -> None:
        self._of_row.clear()

    def begin_after_broken(self) -> str:
        """Return the line with which the broken row begins; the next one is that after it."""
        broken, *again = self._of_row
        self._rest = chain(again, self._rest)
        self._of_row = []
        return broken


def _cut(lines: _Lines, options: CsvOptions) -> Iterator[tuple[int, list[str], str | None]]:
    """Yield (line, cells, problem). A line with broken quotes is broken alone: reading resumes after it."""
    begin = 0
    while True:
        reader = csv.reader(lines, delimiter=options.delimiter, quotechar=options.quote, strict=True)
        row = 0
        try:
            for cells in reader:
                lines.row_is_whole()
                yield begin + row + 1, cells, None
                row = reader.line_num
            return
        except csv.Error as error:
            broken = begin + row
            line = lines.begin_after_broken().rstrip("\r\n")
            yield broken + 1, [line], f"the line cannot be cut into cells: {error}"
            begin = broken + 1


def _row(header: list[str], cells: list[str]) -> tuple[Raw, str | None]:
    raw: Raw = dict(zip(header, cells, strict=False))
    if len(cells) == len(header):
        return raw, None
    if len(cells) > len(header):
        raw["@beyond"] = cells[len(header) :]
    many = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
    return raw, f"{many} where the header has {len(header)}"
