"""Read a sample of unknown form: its encoding, its delimiter, its records; through the reader that fits."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.errors import GovernanceError
from governance.intake.drafting.desk import Desk, Question
from governance.intake.readers.registry import KINDS
from governance.intake.records import Raw, Record
from governance.intake.samples import read_sample
from governance.intake.spec import SourceSpec

FORMS = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".yaml": "yaml", ".yml": "yaml", ".xlsx": "xlsx",
}  # fmt: skip
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_LOOKED_AT = 200
"""Lines at the top of delimited text that tell its delimiter."""


@dataclass(frozen=True)
class Sample:
    """The records of a sample, the options of the reader that read them, and why these."""

    path: Path
    reader: dict[str, Any]
    evidence: str
    records: tuple[Record, ...]

    @property
    def rows(self) -> list[Raw]:
        """Records that could be read, nested mappings as `a.b`."""
        return [dict(_flat(record.raw)) for record in self.records if record.problem is None]

    @property
    def columns(self) -> list[str]:
        """Every column, in the order in which the records show them."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    @property
    def broken(self) -> list[str]:
        """Records that could not be read, with the reason."""
        return [f"{record.locator}: {record.problem}" for record in self.records if record.problem]


def read(path: Path, desk: Desk) -> Sample:
    """Read a sample; raises GovernanceError for a form that no reader here knows."""
    if not path.is_file():
        raise GovernanceError(f"{path} is not there: expected a file with a sample of the source")
    suffix = next((s for s in reversed(path.suffixes) if s != ".gz"), "").lower()
    form = FORMS.get(suffix)
    known = [ending for ending, name in FORMS.items() if name in ("csv", "jsonl") or name in KINDS]
    if form is None or (form not in ("csv", "jsonl") and form not in KINDS):
        raise GovernanceError(f"{path.name}: a sample ends in one of {', '.join(known)}")
    reader: dict[str, Any] = {"type": "csv" if form == "jsonl" and "jsonl" not in KINDS else form}
    evidence = f"the file ends in {suffix}"
    if form == "jsonl" and reader["type"] == "csv":
        reader["format"] = "jsonl"
    reader["files"] = [f"*{suffix}"]
    if form == "csv":
        text, encoding = _text(path.read_bytes(), desk)
        delimiter, evidence = _delimiter(text, desk)
        reader |= {} if encoding == "utf-8-sig" else {"encoding": encoding}
        reader |= {} if delimiter == "," else {"delimiter": delimiter}
    records = tuple(read_sample(_provisional(reader), path))
    sample = Sample(path, reader, evidence, records)
    if not sample.rows:
        why = sample.broken[0] if sample.broken else "it is empty"
        raise GovernanceError(f"{path.name} holds no record that could be read: {why}")
    return sample


def _text(content: bytes, desk: Desk) -> tuple[str, str]:
    """Decode; a file that is no UTF-8 and has no byte order mark may be many things, so that is asked."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding), encoding
    try:
        return content.decode("utf-8-sig"), "utf-8-sig"
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        shown = content.splitlines()[line - 1][:60].decode("cp1252", errors="replace")
        words = f"the sample is not UTF-8 (line {line}: {shown!r} as cp1252): which encoding is it"
        answer = desk.answer(Question("encoding", words, ("cp1252", "iso8859-15", "cp850", "mac_roman")))
    encoding = answer or "cp1252"
    return content.decode(encoding, errors="replace"), encoding


def _delimiter(text: str, desk: Desk) -> tuple[str, str]:
    """The character that cuts every line into the same number of cells, more than one."""
    lines = text.splitlines(keepends=True)[:_LOOKED_AT]
    cells = {character: _widths(lines, character) for character in DELIMITERS}
    even = {c: widths[0] for c, widths in cells.items() if widths and widths[0] > 1 and len(set(widths)) == 1}
    if not even:  # some lines are broken: what the header says counts
        even = {c: widths[0] for c, widths in cells.items() if widths and widths[0] > 1}
    if not even:
        return ",", "one column"
    widest = [character for character, width in even.items() if width == max(even.values())]
    if len(widest) > 1:
        names = tuple(DELIMITERS[character] for character in widest)
        answer = desk.answer(Question("delimiter", "several characters cut the lines evenly: which", names))
        widest = [c for c in widest if DELIMITERS[c] == answer] or widest
    chosen = widest[0]
    return chosen, f"{DELIMITERS[chosen]} cuts the header into {even[chosen]} cells"


def _widths(lines: list[str], delimiter: str) -> list[int]:
    try:
        return [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
    except csv.Error:
        return []


def _provisional(reader: dict[str, Any]) -> SourceSpec:
    """A spec that says nothing but how to read: the registry opens readers by their spec."""
    return SourceSpec.model_validate(
        {
            "name": "draft", "title": "Draft", "owner": "nobody@example.com", "connection": "draft",
            "schedule": "@daily", "mode": "shadow", "shape": "snapshot", "reader": reader,
            "time_zone": "UTC", "key": "key", "kind": "change", "status": "status",
            "fields": {"title": "title"},
        }
    )  # fmt: skip


def _flat(raw: Raw, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in raw.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
