"""Read delimited text: every line becomes a record; broken ones say what is wrong."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import chain

from governance.intake.blocks import Block
from governance.intake.readers.files.limits import UnreadableFileError, kept
from governance.intake.readers.files.options import CsvOptions
from governance.intake.readers.files.straight import row_of, straight_on
from governance.intake.readers.files.texts import decoded, legible
from governance.intake.records import Raw, Record

Row = tuple[int, Raw, str | None]
"""Line on which it begins, the cells by column, and what is wrong with it."""


def records_of(name: str, content: bytes, options: CsvOptions) -> Iterator[Record | Block]:
    """Yield the rows of a file; raises UnreadableFileError.

    They come in blocks as long as they can be cut straight on, and one by one after that.
    """
    last = yield from straight_on(name, content, options)
    if last is None:
        return
    for line, raw, problem in delimited(decoded(content, options.encoding), options):
        if line > last:
            yield Record(f"{name}:{line}", *legible(raw, problem, options.encoding))


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
                yield line, *row_of(header, cells)
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
