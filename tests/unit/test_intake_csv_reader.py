"""Delimited text: every line is a record or says why it is none."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from governance.errors import SourceUnavailableError
from governance.intake.readers.files import delimited, limits
from governance.intake.readers.files.options import CsvOptions
from governance.intake.readers.files.places import Folder
from governance.intake.readers.files.reader import FileReader
from governance.intake.records import KnownFile, Pull


def read(folder: Path, pull: Pull | None = None, **options):
    reader = FileReader(CsvOptions(type="csv", **options), Folder(folder), delimited.records_of)
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
    assert record.problem == "the file has a header that names the column 'a' twice"
    assert record.raw == {"@file": "drop.csv", "@text": "a,b,a\n1,2,3\n"}
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


def test_a_bomb_of_a_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "LARGEST_BYTES", 1000)
    written(tmp_path, gzip.compress(b"x" * 5000), "a.csv.gz")
    (record,) = read(tmp_path)
    assert "unpacks to more than 1,000 bytes" in record.problem


def test_a_bomb_in_the_second_member_of_a_packed_file_is_refused_too(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "LARGEST_BYTES", 100_000)
    written(tmp_path, gzip.compress(b"id\n1\n") + gzip.compress(b"x" * 50_000_000), "a.csv.gz")
    (record,) = read(tmp_path)
    assert "unpacks to more than 100,000 bytes" in record.problem


def test_packed_members_one_after_the_other_are_one_text(tmp_path):
    written(tmp_path, gzip.compress(b"id\n1\n") + gzip.compress(b"2\n") + b"\0" * 100, "a.csv.gz")
    assert [r.raw["id"] for r in read(tmp_path)] == ["1", "2"]


def test_a_file_larger_than_what_is_read_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "LARGEST_BYTES", 10)
    (record,) = read(written(tmp_path, "id\n1\n2\n3\n4\n"))
    assert record.problem == "the file has 11 bytes, at most 10 are read"


def test_a_cell_of_100_mb_is_broken_alone_and_only_its_beginning_is_kept(tmp_path):
    found = read(written(tmp_path, f"id,note\n1,ok\n2,{'x' * 100_000_000}\n3,ok\n"))
    assert [r.raw.get("id") for r in found if r.problem is None] == ["1", "3"]
    (bad,) = [r for r in found if r.problem]
    assert bad.problem == "the line cannot be cut into cells: field larger than field limit (1048576)"
    assert bad.raw["@line"].startswith("2,xxx")
    assert "cut here: 100,000,002 characters, sha256 " in bad.raw["@line"]
    assert len(bad.raw["@line"]) < 5000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_byte_order_mark_is_no_text_whatever_the_encoding_is_called(tmp_path, encoding):
    mark = "" if encoding in ("utf-8-sig", "utf-16", "utf-32") else "\ufeff"
    (record,) = read(written(tmp_path, f"{mark}id\nä\n".encode(encoding)), encoding=encoding)
    assert record.raw == {"id": "ä"}


@pytest.mark.parametrize(("written_as", "declared", "problem"), [
    ("utf-16", "utf-8-sig", "the file is utf-16 by its byte order mark, the spec declares utf-8-sig"),
    ("utf-8-sig", "cp1252", "the file is utf-8 by its byte order mark, the spec declares cp1252"),
    ("utf-16-be", "utf-16", "the file has no byte order mark: declare utf-16-le or utf-16-be"),
])  # fmt: skip
def test_a_byte_order_mark_that_contradicts_the_spec_condemns_the_file(
    tmp_path, written_as, declared, problem
):
    (record,) = read(written(tmp_path, "id\nä\n".encode(written_as)), encoding=declared)
    assert (record.locator, record.problem) == ("drop.csv:1", problem)


@pytest.mark.parametrize("options", [
    {"encoding": "hex"}, {"encoding": "klingon"}, {"delimiter": "\n"}, {"delimiter": '"'}, {"delimiter": ";;"},
])  # fmt: skip
def test_a_dialect_that_cannot_be_read_is_refused_in_the_spec(options):
    with pytest.raises(ValidationError):
        CsvOptions(type="csv", **options)


def test_a_formula_in_a_file_is_text(tmp_path):
    (record,) = read(written(tmp_path, 'id,note\n1,"=HYPERLINK(""http://evil.example"")"\n'))
    assert record.raw["note"] == '=HYPERLINK("http://evil.example")'


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "secret.csv").write_text("password\nhunter2\n")
    folder = tmp_path / "drops"
    (folder / "inner").mkdir(parents=True)
    written(folder / "inner", "id\n1\n", "real.csv")
    (folder / "out.csv").symlink_to("../secret.csv")
    (folder / "in.csv").symlink_to("inner/real.csv")
    (folder / "away").symlink_to(tmp_path)
    found = {r.locator: (r.raw, r.problem) for r in read(folder)}
    assert found == {
        "in.csv:2": ({"id": "1"}, None),
        "inner/real.csv:2": ({"id": "1"}, None),
        "out.csv:1": (
            {"@file": "out.csv"},
            "the file is a link that leads out of its folder: it is not read",
        ),
    }


def test_a_name_that_is_no_text_is_shown(tmp_path):
    path = os.fsencode(tmp_path) + b"/dr\xf6p.csv"
    with open(path, "wb") as file:  # noqa: PTH123 (the name is bytes)
        file.write(b"id\n1\n")
    (record,) = read(tmp_path)
    assert record.locator == "dr<U+DCF6>p.csv:2"


def test_a_file_that_is_known_in_this_version_is_not_read_and_a_changed_one_is(tmp_path):
    written(tmp_path, "id\n1\n", "a.csv")
    written(tmp_path, "id\n2\n", "b.csv")
    first = Pull()
    read(tmp_path, first)
    known = {name: KnownFile(file.version, file.records, 0) for name, file in first.taken.items()}
    written(tmp_path, "id\n2\n3\n", "b.csv")
    again = Pull()
    reader = FileReader(CsvOptions(type="csv"), Folder(tmp_path), delimited.records_of, known)
    assert [r.raw["id"] for r in reader.records(again)] == ["2", "3"]
    assert (set(again.skipped), again.places) == ({"a.csv"}, {"b.csv"})
    assert {name: file.records for name, file in again.taken.items()} == {"b.csv": 2}


LOADED_BY = """
import sys, threading
from governance.intake.readers.files.options import CsvOptions
from governance.intake.readers.files.straight import straight_on

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "pyarrow":
            print(threading.current_thread() is threading.main_thread())

sys.meta_path.insert(0, Watch())
print(sum(len(block) for block in straight_on("a.csv", b"a,b\\n1,2\\n", CsvOptions(type="csv"))))
"""


def test_the_thread_that_cuts_ahead_does_not_load_the_library_it_cuts_with():
    """Loaded by a thread that ends, pyarrow 25.0.0 ends the process at some later allocation."""
    told = subprocess.run([sys.executable, "-c", LOADED_BY], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "1"]
