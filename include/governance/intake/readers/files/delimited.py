"""Read delimited text and JSON lines: every line becomes a record; broken ones say what is wrong."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from governance.intake.readers.files.options import CsvOptions
from governance.intake.readers.files.places import CutOffError, Place, SourceFile, StillWritingError, unpacked
from governance.intake.records import Pull, Raw, Record

csv.field_size_limit(16 * 1024 * 1024)


@dataclass(frozen=True)
class CsvReader:
    """All files of a place, by name. There is no cursor: what was loaded before counts as unchanged."""

    options: CsvOptions
    place: Place

    def records(self, pull: Pull, cursor: dict[str, Any] | None = None) -> Iterator[Record]:  # noqa: ARG002
        """Yield every line of every file as a record whose locator is `file:line`."""
        for file in self.place.files(self.options.files):
            try:
                content = unpacked(file.name, file.read())
            except StillWritingError:
                pull.notes.append(f"{file.name} is still being written: left for the next run")
                continue
            except CutOffError as error:
                yield Record(f"{file.name}:1", {"@file": file.name}, f"the file {error}")
                continue
            yield from self._of_file(pull, file, content)

    def _of_file(self, pull: Pull, file: SourceFile, content: bytes) -> Iterator[Record]:
        try:
            text = _decoded(content, self.options.encoding)
        except UnicodeError as error:
            why = f"the file is not {self.options.encoding}: {error}"
            yield Record(f"{file.name}:1", {"@file": file.name}, why)
            return
        rows = json_lines(text) if self.options.format == "jsonl" else delimited(text, self.options)
        for line, raw, problem in rows:
            yield Record(f"{file.name}:{line}", *_legible(raw, problem, self.options.encoding))
            if "@text" in raw:
                return  # no line of the file could be read
        pull.places.add(file.name)


def _decoded(content: bytes, encoding: str) -> str:
    """Decode; foreign bytes in an ASCII-compatible encoding are kept, to condemn their line alone."""
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        if codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
            raise
        return content.decode(encoding, errors="surrogateescape")


def _legible(raw: Raw, problem: str | None, encoding: str) -> tuple[Raw, str | None]:
    """Return the raw record with foreign bytes shown as `<0xE9>`, and say so as its problem."""
    if not _is_foreign("".join([value for value in raw.values() if isinstance(value, str)])):
        return raw, problem
    shown = {name: _show(value) if isinstance(value, str) else value for name, value in raw.items()}
    return shown, problem or f"the line holds bytes that are not {encoding}"


def _is_foreign(text: str) -> bool:
    return not text.isascii() and any("\udc80" <= char <= "\udcff" for char in text)


def _show(text: str) -> str:
    return "".join(f"<0x{ord(c) - 0xDC00:02X}>" if "\udc80" <= c <= "\udcff" else c for c in text)


Row = tuple[int, Raw, str | None]
"""Line on which it begins, the cells by column, and what is wrong with it."""


def delimited(text: str, options: CsvOptions) -> Iterator[Row]:
    """Yield the rows of delimited text; quoted cells may hold delimiters and line breaks.

    >>> options = CsvOptions(type="csv")
    >>> list(delimited("a,b\\n1,2\\n3\\n", options))
    [(2, {'a': '1', 'b': '2'}, None), (3, {'a': '3'}, '1 cell where the header has 2')]
    """
    header: list[str] | None = None
    for line, cells, problem in _cut(_Lines(text), options):
        if header is not None:
            if problem:
                yield line, {"@line": cells[0]}, problem
            elif cells:
                yield line, *_row(header, cells)
        elif cells:
            header = [name.strip() for name in cells]
            twice = next((name for name in header if header.count(name) > 1), None)
            if problem or twice is not None:
                yield line, {"@text": text}, problem or f"the header names the column {twice!r} twice"
                return


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


def json_lines(text: str) -> Iterator[Row]:
    """Yield the objects of JSON lines.

    >>> [problem for _, _, problem in json_lines('{"a": 1}\\n{"a": \\n[1]')]
    [None, 'not JSON: Expecting value at column 7', 'a list where an object is expected']
    """
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            found = json.loads(content, parse_constant=_no_number)
        except ValueError as error:
            place = f" at column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            yield line, {"@line": content}, f"not JSON: {getattr(error, 'msg', error)}{place}"
            continue
        if isinstance(found, dict):
            yield line, found, None
        else:
            kind = {"list": "a list", "str": "text"}.get(type(found).__name__, f"a {type(found).__name__}")
            yield line, {"@line": content}, f"{kind} where an object is expected"


def _no_number(word: str) -> float:
    """NaN and Infinity are words of Python, not of JSON, and no database keeps them in JSON."""
    raise ValueError(f"{word} is no number that JSON knows")
