"""Delimited text and JSON lines: every line is a record or says why it is none."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from governance.errors import SourceUnavailableError
from governance.intake.readers.files import places as files
from governance.intake.readers.files.delimited import CsvReader
from governance.intake.readers.files.options import CsvOptions
from governance.intake.readers.files.places import Folder
from governance.intake.records import Pull


def read(folder: Path, pull: Pull | None = None, **options):
    reader = CsvReader(CsvOptions(type="csv", **options), Folder(folder))
    return list(reader.records(pull or Pull()))


def written(folder: Path, content: str | bytes, name: str = "drop.csv") -> Path:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def test_a_record_says_its_file_and_the_line_on_which_it_begins(tmp_path):
    found = read(written(tmp_path, 'id,note\n1,"two\nlines"\n2,one\n'))
    assert [(r.locator, r.raw) for r in found] == [
        ("drop.csv:2", {"id": "1", "note": "two\nlines"}),
        ("drop.csv:4", {"id": "2", "note": "one"}),
    ]


def test_delimiters_and_quotes_inside_quotes_are_text(tmp_path):
    (record,) = read(written(tmp_path, 'id;note\n1;"a;b ""c"""\n'), delimiter=";")
    assert record.raw == {"id": "1", "note": 'a;b "c"'}


@pytest.mark.parametrize(("line", "problem"), [
    ("1,2", "2 cells where the header has 3"),
    ("1", "1 cell where the header has 3"),
    ("1,2,3,4", "4 cells where the header has 3"),
])  # fmt: skip
def test_a_line_with_the_wrong_number_of_cells_is_kept_with_what_it_has(tmp_path, line, problem):
    good, bad, after = read(written(tmp_path, f"a,b,c\n1,2,3\n{line}\n4,5,6\n"))
    assert (good.problem, after.problem, bad.problem) == (None, None, problem)
    cells = line.split(",")
    assert [v for k, v in bad.raw.items() if k != "@beyond"] + bad.raw.get("@beyond", []) == cells


def test_an_open_quote_breaks_its_own_line_and_no_other(tmp_path):
    found = read(written(tmp_path, 'a,b\n1,"open\n2,x\n3,y\n'))
    assert [r.problem is None for r in found] == [False, True, True]
    assert found[0].raw == {"@line": '1,"open'}
    assert [r.locator for r in found] == ["drop.csv:2", "drop.csv:3", "drop.csv:4"]


def test_a_file_cut_off_in_its_last_line_yields_that_line_as_broken(tmp_path):
    found = read(written(tmp_path, "a,b,c\n1,2,3\n4,5"))
    assert [r.problem for r in found] == [None, "2 cells where the header has 3"]


def test_a_header_that_names_a_column_twice_condemns_the_file_and_keeps_it(tmp_path):
    pull = Pull()
    (record,) = read(written(tmp_path, "a,b,a\n1,2,3\n"), pull)
    assert record.problem == "the header names the column 'a' twice"
    assert record.raw == {"@text": "a,b,a\n1,2,3\n"}
    assert pull.places == set()


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    (record,) = read(written(tmp_path, "id\nä\n".encode("utf-8-sig")))
    assert record.raw == {"id": "ä"}


def test_bytes_of_another_encoding_condemn_their_line_alone(tmp_path):
    good, bad = read(written(tmp_path, b"id,name\n1,Zoe\n2,Zo\xeb\n"))
    assert good.problem is None
    assert bad.problem == "the line holds bytes that are not utf-8-sig"
    assert bad.raw == {"id": "2", "name": "Zo<0xEB>"}


def test_the_declared_encoding_is_used(tmp_path):
    (record,) = read(written(tmp_path, "id\nÿ\n".encode("cp1252")), encoding="cp1252")
    assert record.raw == {"id": "ÿ"}
    (record,) = read(written(tmp_path, "id\nÿ\n".encode("utf-16")), encoding="utf-16")
    assert record.raw == {"id": "ÿ"}


def test_compressed_files_are_unpacked_and_cut_off_ones_say_so(tmp_path):
    packed = gzip.compress(b"id\n1\n")
    written(tmp_path, packed, "a.csv.gz")
    written(tmp_path, packed[:-6], "b.csv.gz")
    pull = Pull()
    good, bad = read(tmp_path, pull)
    assert good.raw == {"id": "1"}
    assert "is not a complete gzip file" in bad.problem
    assert pull.places == {"a.csv.gz"}


def test_only_files_of_the_patterns_are_read_in_order_of_name(tmp_path):
    for name in ("b.csv", "a.csv", "notes.txt", ".hidden.csv"):
        written(tmp_path, "id\n1\n", name)
    assert [r.locator for r in read(tmp_path)] == ["a.csv:2", "b.csv:2"]


def test_a_file_that_grows_while_it_is_read_is_left_for_the_next_run(tmp_path, monkeypatch):
    written(tmp_path, "id\n1\n", "growing.csv")
    real = Path.read_bytes

    def grow_meanwhile(path):
        content = real(path)
        with path.open("ab") as file:
            file.write(b"2\n")
        os.utime(path, ns=(1, 1))
        return content

    monkeypatch.setattr(Path, "read_bytes", grow_meanwhile)
    pull = Pull()
    assert read(tmp_path, pull) == []
    assert pull.notes == ["growing.csv is still being written: left for the next run"]


def test_a_place_that_is_not_there_says_so(tmp_path):
    with pytest.raises(SourceUnavailableError, match="is not there: expected a folder or a file"):
        read(tmp_path / "nowhere")


def test_json_lines_give_objects_and_every_other_line_is_kept(tmp_path):
    written(tmp_path, '{"id": 1, "n": null}\n\n{"id": \n[1]\n"x"\n', "a.jsonl")
    found = read(tmp_path, format="jsonl", files=("*.jsonl",))
    assert [(r.locator, r.problem) for r in found] == [
        ("a.jsonl:1", None),
        ("a.jsonl:3", "not JSON: Expecting value at column 8"),
        ("a.jsonl:4", "a list where an object is expected"),
        ("a.jsonl:5", "text where an object is expected"),
    ]
    assert found[0].raw == {"id": 1, "n": None}


def test_a_bomb_of_a_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGEST_BYTES", 1000)
    written(tmp_path, gzip.compress(b"x" * 5000), "a.csv.gz")
    (record,) = read(tmp_path)
    assert "unpacks to more than 1,000 bytes" in record.problem
