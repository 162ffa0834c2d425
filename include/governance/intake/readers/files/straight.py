"""Cut delimited text straight on, in blocks kept by column, as long as nothing is amiss."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from governance import garbage
from governance.intake.blocks import RECORDS, SMALLEST, Block
from governance.intake.readers.files.limits import LONGEST_CELL
from governance.intake.readers.files.options import CsvOptions
from governance.intake.readers.files.texts import is_utf8, plain
from governance.intake.records import Raw, Record

if TYPE_CHECKING:
    import pyarrow as pa

csv.field_size_limit(LONGEST_CELL)
_LARGEST_PIECE = 256 * 1024**2
_WINDOW = 4 * 1024**2
"""Bytes in which the ends of lines are looked for together."""


def straight_on(
    name: str, content: bytes, options: CsvOptions
) -> Generator[Record | Block, None, int | None]:
    """Yield rows in blocks; return None at the end, or the last line before something is amiss.

    Lines without a quote can be cut in one way only, and whoever cuts them quickest does it; the others are
    cut by the reader of the standard library, which is strict about quotes.
    """
    text = plain(content, options.encoding)
    if text is None:
        return 0
    reader = csv.reader(text, delimiter=options.delimiter, quotechar=options.quote, strict=True)
    try:
        header = [cell.strip() for cell in next(filter(None, reader), ())]
    except (csv.Error, UnicodeDecodeError):
        return 0
    if not header or len(set(header)) < len(header):
        return 0
    if not _ends_lines_plainly(content) or not is_utf8(options.encoding):
        return (yield from _by_rows(name, header, reader))
    return (yield from _by_pieces(name, header, content, options, reader.line_num))


def row_of(header: list[str], cells: list[str]) -> tuple[Raw, str | None]:
    """Return a row by column, and what is wrong where it has more or fewer cells than there are columns."""
    raw: Raw = dict(zip(header, cells, strict=False))
    if len(cells) == len(header):
        return raw, None
    if len(cells) > len(header):
        raw["@beyond"] = cells[len(header) :]
    many = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
    return raw, f"{many} where the header has {len(header)}"


def _ends_lines_plainly(content: bytes) -> bool:
    """Tell whether every line ends with a line feed, whatever else may be before it."""
    return b"\r" not in content or re.search(rb"\r(?!\n)", content) is None


def _by_rows(
    name: str, header: list[str], reader: Any, before: int = 0
) -> Generator[Record | Block, None, int | None]:
    """Yield what a reader cuts; return None at the end, or the last line before it cannot go on."""
    last: int = before + reader.line_num
    try:
        while True:
            rows, lines = _next_rows(reader, before)
            if not rows:
                return None
            yield from _told(name, header, rows, lines)
            last = lines[-1]
    except (csv.Error, UnicodeDecodeError):
        return last


def _told(name: str, header: list[str], rows: list[list[str]], lines: list[int]) -> Iterator[Record | Block]:
    """Yield rows as a block, or one by one where some have not the cells of the header."""
    if set(map(len, rows)) == {len(header)}:
        import pyarrow as pa  # noqa: PLC0415 (not for a poll that finds no new file)

        cells = dict(zip(header, zip(*rows, strict=True), strict=True))
        yield Block(
            name, lines, {column: pa.array(held, pa.large_string()) for column, held in cells.items()}
        )
        return
    for line, cells_of in zip(lines, rows, strict=True):
        yield Record(f"{name}:{line}", *row_of(header, cells_of))


def _next_rows(reader: Any, before: int) -> tuple[list[list[str]], list[int]]:
    """Return the next rows that are not empty, and on which line each begins."""
    rows: list[list[str]] = []
    lines: list[int] = []
    end = reader.line_num
    with garbage.put_off():  # lists of text have no cycles, and there are many of them
        for cells in reader:
            if cells:
                rows.append(cells)
                lines.append(before + end + 1)
                if len(rows) == RECORDS:
                    break
            end = reader.line_num
    return rows, lines


@dataclass(frozen=True)
class _Piece:
    """Lines that follow each other: where they begin and end, and how many lines are before them."""

    begin: int
    end: int
    before: int
    lines: int
    longest: int
    """Bytes of the longest line, its end included."""
    shortest: int


def _by_pieces(
    name: str, header: list[str], content: bytes, options: CsvOptions, before: int
) -> Generator[Record | Block, None, int | None]:
    """Yield rows piece by piece, the next one cut while this one is looked at; returns as `straight_on`.

    A reader that comes to the end of a piece and has no quote open has cut it as it would have cut the whole.
    """
    import pyarrow  # noqa: F401, PLC0415 (on this thread: loaded by one that ends, version 25.0.0 crashes later)

    pieces = _pieces(content, before)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(_next_block, pieces, name, header, content, options)
        while True:
            piece, block = coming.result()
            if piece is None:
                return None
            coming = pool.submit(_next_block, pieces, name, header, content, options)
            if block is not None:
                yield block
                continue
            reader = _reader(content[piece.begin : piece.end], options)
            try:
                rows, found = _next_rows(reader, piece.before)
            except (csv.Error, UnicodeDecodeError):  # perhaps only because it ends within quotes
                rest = _reader(content[piece.begin :], options)
                return (yield from _by_rows(name, header, rest, piece.before))
            if rows:
                yield from _told(name, header, rows, found)


def _reader(content: bytes, options: CsvOptions) -> Any:
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    return csv.reader(text, delimiter=options.delimiter, quotechar=options.quote, strict=True)


def _pieces(content: bytes, before: int) -> Iterator[_Piece]:
    """Yield what follows after the first `before` lines, RECORDS lines at a time."""
    import numpy as np  # noqa: PLC0415 (not for a poll that finds no new file)

    begin, line, ends = 0, before, np.empty(0, np.int64)
    for _ in range(before):
        begin = content.find(b"\n", begin) + 1 or len(content)
    looked = begin
    while begin < len(content):
        while len(ends) < RECORDS and looked < len(content):
            window = np.frombuffer(content, np.uint8, min(_WINDOW, len(content) - looked), looked)
            ends = np.concatenate([ends, np.flatnonzero(window == ord("\n")) + looked + 1])
            looked += len(window)
        if looked == len(content) and (not len(ends) or ends[-1] < len(content)):
            ends = np.append(ends, len(content))  # the last line has no end
        here, ends = ends[:RECORDS], ends[RECORDS:]
        sizes = np.diff(here, prepend=begin)
        yield _Piece(begin, int(here[-1]), line, len(here), int(sizes.max()), int(sizes.min()))
        begin, line = int(here[-1]), line + len(here)


def _next_block(
    pieces: Iterator[_Piece], name: str, header: list[str], content: bytes, options: CsvOptions
) -> tuple[_Piece | None, Block | None]:
    """Return the next piece, and its rows; None where they cannot be cut in the quick way."""
    piece = next(pieces, None)
    columns = None if piece is None else _cut(content, piece, len(header), options)
    if piece is None or columns is None:
        return piece, None
    lines = range(piece.before + 1, piece.before + 1 + piece.lines)
    block = Block(name, lines, dict(zip(header, columns, strict=True)))
    if len(block) >= SMALLEST:  # else it is taken record by record
        _ = block.raw_texts
    return piece, block


def _cut(content: bytes, piece: _Piece, width: int, options: CsvOptions) -> list[pa.Array] | None:
    import pyarrow as pa  # noqa: PLC0415 (not for a poll that finds no new file)
    from pyarrow import csv as quick  # noqa: PLC0415

    size = piece.end - piece.begin
    if (
        piece.shortest <= len("\r\n")  # perhaps an empty line
        or piece.longest > LONGEST_CELL
        or size > _LARGEST_PIECE
        or not options.delimiter.isascii()
        or content.startswith(codecs.BOM_UTF8, piece.begin)
        or content.find(options.quote.encode(), piece.begin, piece.end) >= 0
    ):
        return None
    names = [str(place) for place in range(width)]
    try:
        table = quick.read_csv(
            pa.BufferReader(pa.py_buffer(memoryview(content)[piece.begin : piece.end])),
            quick.ReadOptions(column_names=names, block_size=size + 1),
            quick.ParseOptions(delimiter=options.delimiter, quote_char=False, double_quote=False),
            quick.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:  # rows of another width, or foreign bytes
        return None
    return None if table.num_rows != piece.lines else [column.combine_chunks() for column in table.columns]
