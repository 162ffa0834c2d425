"""Delimited text and JSON Lines: every line is accounted for, also those that are broken."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

from governance.intake.readers.places import File, files
from governance.intake.records import Pull, Record

if TYPE_CHECKING:
    from governance.intake.readers import Surroundings
    from governance.intake.spec import CsvReader, SourceSpec

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def read(spec: SourceSpec, around: Surroundings, _pull: Pull) -> Iterator[Record]:
    """Yield the records of every file; a file that cannot be read is one record with a problem."""
    options: Any = spec.reader
    for file in files(options.location, options.glob, around):
        text, problem = _decoded(file, options)
        if text is None:
            yield Record(file.name, {"file": file.name}, problem=problem)
        elif options.format == "jsonl":
            yield from _json_lines(file.name, text)
        else:
            yield from _rows(file.name, text, options)


def _decoded(file: File, options: CsvReader) -> tuple[str | None, str | None]:
    if file.problem:
        return None, file.problem
    try:
        return file.content.decode(options.encoding), None
    except UnicodeDecodeError as error:
        where = file.content[: error.start].count(b"\n") + 1
        return None, (
            f"{file.name}:{where}: found bytes that are not {options.encoding}, "
            "expected the encoding that the spec declares"
        )


def _rows(name: str, text: str, options: CsvReader) -> Iterator[Record]:
    lines = csv.reader(
        io.StringIO(text, newline=""), delimiter=options.delimiter, quotechar=options.quote, strict=True
    )
    try:
        header = next(lines, None)
    except csv.Error as error:
        yield Record(f"{name}:1", {"line": text.split("\n", 1)[0]}, problem=f"{name}:1: {error}")
        return
    if header is None:
        return
    header = [column.strip() for column in header]
    if len(set(header)) < len(header):
        double = next(column for column in header if header.count(column) > 1)
        yield Record(f"{name}:1", {"header": header}, problem=f"{name}:1: found column {double!r} twice")
        return
    yield from _body(name, text, header, lines)


def _body(name: str, text: str, header: list[str], lines: Any) -> Iterator[Record]:
    last_line = 1
    while True:
        first_line = lines.line_num + 1
        try:
            row = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield _unreadable(
                name, text, first_line, f"{error}: everything from here on cannot be told apart"
            )
            return
        last_line = first_line
        locator = f"{name}:{last_line}"
        if not row:
            continue
        if len(row) != len(header):
            problem = f"{locator}: found {len(row)} fields, expected {len(header)}"
            yield Record(locator, {"fields": row}, problem=problem)
        else:
            yield Record.flat(locator, dict(zip(header, row, strict=True)))


def _unreadable(name: str, text: str, line: int, why: str) -> Record:
    rest = "\n".join(text.split("\n")[line - 1 :])
    return Record(f"{name}:{line}", {"text": rest}, problem=f"{name}:{line}: {why}")


def _json_lines(name: str, text: str) -> Iterator[Record]:
    for line, content in zip(count(1), text.splitlines(), strict=False):
        if not content.strip():
            continue
        locator = f"{name}:{line}"
        try:
            values = json.loads(content)
        except ValueError as error:
            yield Record(locator, {"text": content}, problem=f"{locator}: not JSON: {error}")
            continue
        if isinstance(values, dict):
            yield Record.flat(locator, values)
        else:
            found = type(values).__name__
            yield Record(locator, {"text": content}, problem=f"{locator}: found {found}, expected an object")
