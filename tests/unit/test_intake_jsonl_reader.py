"""JSON lines: every line is an object or says why it is none."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from governance.intake.readers.files import json_lines
from governance.intake.readers.files.options import JsonlOptions
from governance.intake.readers.files.places import Folder
from governance.intake.readers.files.reader import FileReader
from governance.intake.records import Pull


def read(folder: Path, content: str | bytes, name: str = "a.jsonl", **options):
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    reader = FileReader(JsonlOptions(type="jsonl", **options), Folder(folder), json_lines.records_of)
    return list(reader.records(Pull()))


def test_objects_are_records_and_every_other_line_is_kept(tmp_path):
    found = read(tmp_path, '{"id": 1, "n": null}\n\n{"id": \n[1]\n"x"\n7\n')
    assert [(r.locator, r.problem) for r in found] == [
        ("a.jsonl:1", None),
        ("a.jsonl:3", "not JSON: Expecting value at column 8"),
        ("a.jsonl:4", "a list where an object is expected"),
        ("a.jsonl:5", "text where an object is expected"),
        ("a.jsonl:6", "a int where an object is expected"),
    ]
    assert found[0].raw == {"id": 1, "n": None}
    assert found[1].raw == {"@line": '{"id": '}


@pytest.mark.parametrize(("line", "problem"), [
    ('{"id": 1, "id": 2}', "not JSON: the key 'id' is there twice"),
    ('{"id": NaN}', "not JSON: NaN is no number that JSON knows"),
    ('{"id": 1e400}', "not JSON: 1e400 is larger than any number that is kept"),
    ('{"id": %s}' % ("9" * 5000), "not JSON: Exceeds the limit"),
    ('{"id": ' + "[" * 70 + "]" * 70 + "}", "objects within each other beyond 60 levels"),
    ('{"id": ' + "[" * 100_000 + "]" * 100_000 + "}", "objects within each other beyond 60 levels"),
    ('{"id": "%s"}' % ("x" * 100_000_000), "a line of 100,000,010 characters, at most 1,048,576 are read"),
], ids=["twice", "nan", "infinite", "digits", "deep", "deeper", "100-mb-cell"])  # fmt: skip
def test_what_json_or_the_register_cannot_hold_condemns_its_line_alone(tmp_path, line, problem):
    bad, good = read(tmp_path, f'{line}\n{{"id": "2"}}\n')
    assert bad.problem.startswith(problem)
    assert len(bad.raw["@line"]) < 250_000
    assert (good.raw, good.problem) == ({"id": "2"}, None)


def test_encodings_byte_order_marks_and_packed_files_are_read_as_those_of_csv(tmp_path):
    (record,) = read(tmp_path, '{"id": "ä"}\r\n'.encode("utf-8-sig"))
    assert record.raw == {"id": "ä"}
    (record,) = read(tmp_path, '{"id": "ä"}\n'.encode("utf-16"), encoding="utf-16")
    assert record.raw == {"id": "ä"}
    (record,) = read(tmp_path, b'{"id": "Zo\xeb"}\n')
    assert (record.raw, record.problem) == ({"id": "Zo<0xEB>"}, "the line holds bytes that are not utf-8-sig")
    (tmp_path / "a.jsonl").unlink()
    (record,) = read(tmp_path, gzip.compress(b'{"id": "1"}'), "b.jsonl.gz")
    assert (record.locator, record.raw) == ("b.jsonl.gz:1", {"id": "1"})


def test_a_formula_is_text(tmp_path):
    (record,) = read(tmp_path, '{"note": "=1+1"}')
    assert record.raw == {"note": "=1+1"}
