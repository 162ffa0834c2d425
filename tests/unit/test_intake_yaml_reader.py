"""YAML registers: entries know their file and line, and a broken file is kept whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.intake.readers.files.options import YamlOptions
from governance.intake.readers.files.places import Folder
from governance.intake.readers.files.registers import YamlReader
from governance.intake.records import Pull


def read(folder: Path, text: str | bytes, pull: Pull | None = None, **options):
    (folder / "r.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    reader = YamlReader(YamlOptions(type="yaml", **options), Folder(folder))
    return list(reader.records(pull or Pull()))


def test_a_flat_list_and_sections_are_read_alike(tmp_path):
    flat = read(tmp_path, "- id: A\n\n- id: B\n")
    assert [(r.locator, r.raw) for r in flat] == [("r.yaml:1", {"id": "A"}), ("r.yaml:3", {"id": "B"})]
    sectioned = read(tmp_path, "first:\n- id: A\nsecond:\n- id: B\nempty:\n")
    assert [(r.locator, r.raw) for r in sectioned] == [("r.yaml:2", {"id": "A"}), ("r.yaml:4", {"id": "B"})]


def test_scalars_stay_the_text_that_was_written(tmp_path):
    (record,) = read(tmp_path, "- {n: 012345670123, v: 1.10, d: 2026-03-01, t: no, e: , x: ~}\n")
    assert record.raw == {
        "n": "012345670123",
        "v": "1.10",
        "d": "2026-03-01",
        "t": "no",
        "e": None,
        "x": None,
    }


def test_anchors_and_merges_are_followed(tmp_path):
    found = read(tmp_path, "- &a {id: A, owner: x}\n- {<<: *a, id: B}\n")
    assert found[1].raw == {"id": "B", "owner": "x"}


def test_a_file_that_is_no_yaml_is_one_record_with_the_line_and_the_whole_text(tmp_path):
    pull, text = Pull(), "- id: A\n- id: B\n  - x: y\n"
    (record,) = read(tmp_path, text, pull)
    assert record.locator == "r.yaml:3"
    assert record.problem.startswith("the file is not valid YAML, line 3: ")
    assert record.raw == {"@file": "r.yaml", "@text": text}
    assert pull.places == set()  # nothing about its entries is known


def test_what_is_no_entry_is_kept_with_what_was_expected(tmp_path):
    found = read(tmp_path, "version: 3\nlist:\n- id: A\n- just text\n-\n")
    assert [r.problem for r in found] == [
        "version holds text where a list of entries is expected",
        None,
        "text where an entry is expected",
        "nothing where an entry is expected",
    ]


def test_keys_without_entries_can_be_declared(tmp_path):
    assert [r.raw for r in read(tmp_path, "version: 3\nlist:\n- id: A\n", ignore=("version",))] == [
        {"id": "A"}
    ]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "exceptions:\n"])
def test_an_empty_register_holds_nothing_and_is_no_mistake(tmp_path, text):
    assert read(tmp_path, text) == []


def test_bytes_that_are_not_utf_8_name_their_line(tmp_path):
    (record,) = read(tmp_path, b"- id: A\n- name: Zo\xeb\n")
    assert (record.locator, record.problem) == ("r.yaml:2", "not valid UTF-8 on this line")


def test_a_tag_that_would_run_code_is_refused(tmp_path):
    (record,) = read(tmp_path, "- !!python/object/apply:os.system [echo]\n")
    assert "not valid YAML" in record.problem
