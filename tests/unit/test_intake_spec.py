"""A spec is a closed vocabulary: mistakes name file, line, key, what was found and what would be right."""

from __future__ import annotations

import doctest
import subprocess
import sys

import pytest

from governance import instants
from governance.errors import DocumentError, GovernanceError, SourceUnavailableError
from governance.intake import records
from governance.intake import spec as specs
from governance.intake.readers import answers, origin, paginators
from governance.intake.readers.aws import calls, since
from governance.intake.readers.github import form
from governance.intake.readers.github import history as github_history
from governance.intake.readers.paginators import OffsetPages, TokenPages
from governance.intake.readers.servicenow import values as servicenow_values
from governance.quality import storable
from intake_worlds import MINIMAL, write_spec


def mistake(tmp_path, **changes) -> str:
    with pytest.raises(DocumentError) as caught:
        specs.read_spec(write_spec(tmp_path, **changes))
    return str(caught.value)


@pytest.mark.parametrize(("changes", "words"), [
    ({"colour": "blue"}, "drops.yaml:30: colour: found an unknown key"),
    ({"mode": "dry"}, "mode: found 'dry', expected Input should be 'shadow' or 'live'"),
    ({"time_zone": "CET+1"}, "time_zone: found 'CET+1', expected an IANA time zone such as Europe/Berlin"),
    ({"schedule": "sometimes"}, "schedule: found 'sometimes'"),
    ({"owner": "the team"}, "owner: found 'the team'"),
    ({"kind": "wish"}, "for kind one of addition, change, exception; 'wish' is none of them"),
    ({"status": {"column": "state", "map": {"new": "begun"}}}, "'begun' is none of them"),
    ({"fields": {"title": "t", "colour": "c"}}, "'colour' is none of"),
    ({"fields": {"target": "t"}}, "a title among the fields"),
    ({"fields": {"title": {"column": "t", "json": True}}}, "json and split only for"),
    ({"fields": {"title": {}}}, "either a column or a constant"),
    ({"fields": {"title": "t"}}, "source_updated_at among the fields"),
    ({"reader": {"type": "ftp"}}, "reader"),
    ({"reader": {"type": "csv", "encoding": "latin-99"}}, "an encoding Python knows"),
    ({"waived": {"no_such": "why"}}, "'no_such' is none of them"),
    ({"expectations": [{"id": "x", "type": "expect_column_values_to_be_unique", "kwargs": {"column": "colour"}, "words": "w"}]},
     "columns of the canonical batch; 'colour' is none of them"),
])  # fmt: skip
def test_a_mistake_says_what_would_be_right(tmp_path, changes, words):
    assert words in mistake(tmp_path, **changes)


GOLDEN = {
    "mode: shadw": "vendor.yaml:6: mode: found 'shadw', expected Input should be 'shadow' or 'live'",
    "time_zone: CET+1": "vendor.yaml:9: time_zone: found 'CET+1', expected an IANA time zone such as Europe/Berlin",
    "title: Subjekt: x": "vendor.yaml:13: found mapping values are not allowed here, expected valid YAML",
    "colour: blue": "vendor.yaml:14: colour: found an unknown key, expected one of the keys this document knows",
    "dates: ['ASK: day-first or month-first?']":
        "vendor.yaml:14: dates: found an open question, expected an answer: day-first or month-first?",
    "key:": "vendor.yaml:10: key: found None, expected Input should be a valid tuple",
}  # fmt: skip


@pytest.mark.parametrize(("line", "message"), GOLDEN.items())
def test_the_message_of_a_mistake(tmp_path, line, message):
    good = (
        "name: vendor\ntitle: Vendor\nowner: o@example.com\nconnection: vendor\nschedule: '@daily'\nmode: shadow\n"
        "shape: snapshot\nreader: {type: csv}\ntime_zone: UTC\nkey: Number\nkind: change\nstatus: {constant: submitted}\n"
        "fields: {title: Subject}\n"
    ).splitlines()
    key = line.partition(":")[0]
    places = [number for number, text in enumerate(good) if text.startswith(f"{key}:")]
    if key == "title":
        good[12] = f"fields: {{title: Subject}}: {line}"
    elif places:
        good[places[0]] = line
    else:
        good.append(line)
    (tmp_path / "vendor.yaml").write_text("\n".join(good) + "\n", "utf-8")
    with pytest.raises(DocumentError) as caught:
        specs.read_spec(tmp_path / "vendor.yaml")
    [found] = [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]
    assert found.startswith(message)


def test_a_mistake_names_file_and_line(tmp_path):
    assert mistake(tmp_path, mode="dry").startswith(f"{tmp_path}/drops.yaml:6: mode:")


def test_the_name_is_the_name_of_the_file(tmp_path):
    path = write_spec(tmp_path)
    path.rename(tmp_path / "other.yaml")
    with pytest.raises(DocumentError, match="expected 'other', the name of the file"):
        specs.read_spec(tmp_path / "other.yaml")


def test_a_broken_spec_breaks_only_itself(tmp_path):
    folder = tmp_path / "sources"
    folder.mkdir()
    write_spec(folder)
    write_spec(folder, name="other", mode="dry")
    (folder / "third.yaml").write_text("name: [")
    found, broken = specs.read_specs(tmp_path)
    assert [spec.name for spec in found] == ["drops"]
    assert sorted(broken) == ["other", "third"]
    assert "third.yaml:1" in str(broken["third"])


def test_a_spec_is_found_by_name_among_the_examples_or_by_path(tmp_path):
    (tmp_path / "sources" / "examples").mkdir(parents=True)
    path = write_spec(tmp_path / "sources" / "examples")
    assert specs.find_spec("drops", tmp_path).title == MINIMAL["title"]
    assert specs.find_spec(str(path), tmp_path).name == "drops"
    with pytest.raises(GovernanceError, match="no source 'dorps': there are drops"):
        specs.find_spec("dorps", tmp_path)


def test_reading_specs_imports_nothing_heavy():
    script = (
        "import sys; from governance.intake.spec import read_specs; read_specs()\n"
        "print(sorted({'pandas', 'boto3', 'sqlalchemy', 'great_expectations', 'httpx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_token_that_comes_twice_ends_the_pull():
    pages = TokenPages()
    assert pages.advance({"nextPageToken": "a"})
    assert pages.advance({"nextPageToken": "b", "issues": []})
    with pytest.raises(SourceUnavailableError, match="same page token twice"):
        pages.advance({"nextPageToken": "a"})


def test_an_empty_page_before_the_total_ends_the_pull():
    with pytest.raises(SourceUnavailableError, match="an empty page at 0 of 3"):
        OffsetPages("issues").advance({"total": 3, "issues": []})


@pytest.mark.parametrize(
    "module",
    [
        paginators,
        answers,
        origin,
        form,
        github_history,
        servicenow_values,
        records,
        storable,
        calls,
        since,
        instants,
    ],
    ids=lambda module: module.__name__,
)
def test_the_examples_in_the_documentation_hold(module):
    tried = doctest.testmod(module)
    assert tried.attempted > 0
    assert tried.failed == 0
