"""YAML registers: entries know their file and line, and a broken file is kept whole."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from governance.intake.readers.files import registers
from governance.intake.readers.files.options import YamlOptions
from governance.intake.readers.files.places import Folder
from governance.intake.readers.files.reader import FileReader
from governance.intake.records import Pull


def read(folder: Path, text: str | bytes, pull: Pull | None = None, **options):
    (folder / "r.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    reader = FileReader(YamlOptions(type="yaml", **options), Folder(folder), registers.records_of)
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
    assert (record.locator, record.problem) == ("r.yaml:2", "the file is not valid UTF-8 on this line")


@pytest.mark.parametrize("written", [
    "!!python/object/apply:os.system [echo]",
    "{id: A, x: !!python/object/new:os.system [echo]}",
    "{id: A, x: !!binary aGVsbG8=}",
    "!ours {id: A}",
])  # fmt: skip
def test_a_tag_condemns_its_entry_alone_and_the_entry_is_kept_as_written(tmp_path, written):
    bad, good = read(tmp_path, f"- {written}\n- id: B\n")
    assert "is refused: entries are plain data" in bad.problem
    assert bad.raw == {"@entry": written}
    assert (good.raw, good.problem) == ({"id": "B"}, None)


def test_a_tag_on_the_register_itself_is_refused(tmp_path):
    (record,) = read(tmp_path, "!!python/object/apply:os.system\n- echo\n")
    assert record.problem.startswith("the tag !!python/object/apply:os.system in line 1 is refused")


def test_a_key_that_is_there_twice_condemns_its_entry(tmp_path):
    bad, good = read(tmp_path, "- id: A\n  state: new\n  state: done\n- id: B\n")
    assert bad.problem == "the key 'state' is there twice in line 1 and below"
    assert (bad.raw, good.raw) == ({"@entry": "id: A\n  state: new\n  state: done"}, {"id": "B"})


@pytest.mark.parametrize(
    "link", ["[*{0}, *{0}, *{0}, *{0}, *{0}, *{0}, *{0}, *{0}, *{0}]", "{{<<: [*{0}, *{0}, *{0}]}}"]
)
def test_a_bomb_of_aliases_is_refused_before_it_unfolds(tmp_path, link):
    levels = "".join(f"- &a{n + 1} {link.format(f'a{n}')}\n" for n in range(20))
    pull = Pull()
    (record,) = read(tmp_path, f"- &a0 {{id: A}}\n{levels}", pull)
    assert record.problem == "the file unfolds to more than 1,000,000 values by its aliases"
    assert pull.places == set()


def test_an_alias_that_leads_to_itself_is_refused(tmp_path):
    (record,) = read(tmp_path, "- &a {id: A, again: *a}\n")
    assert record.problem == "the file holds an alias in line 1 that leads to itself"


@pytest.mark.parametrize("levels", [80, 2000])
def test_lists_within_each_other_without_end_are_refused(tmp_path, levels):
    (record,) = read(tmp_path, "- " + "[" * levels + "]" * levels)
    assert record.problem == "the file holds lists within each other beyond 60 levels"


def test_a_register_that_no_person_writes_is_refused_unread(tmp_path):
    (record,) = read(tmp_path, "# " + "x" * 8 * 1024**2)
    assert record.problem == "the file has 8,388,610 bytes, at most 8,388,608 are read"


def test_a_packed_register_is_unpacked(tmp_path):
    (tmp_path / "r.yaml.gz").write_bytes(gzip.compress(b"- id: A\n"))
    reader = FileReader(YamlOptions(type="yaml"), Folder(tmp_path), registers.records_of)
    assert [(r.locator, r.raw) for r in reader.records(Pull())] == [("r.yaml.gz:1", {"id": "A"})]
