"""A spec drafted from a sample: what the records show is written with its evidence, the rest is asked."""

from __future__ import annotations

import doctest
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from governance.cli import app
from governance.errors import DocumentError, GovernanceError
from governance.intake.drafting import dates, desk, document, reading, vocabulary
from governance.intake.drafting.dates import read_dates
from governance.intake.drafting.desk import Desk
from governance.intake.drafting.files import new_source
from governance.intake.sources_commands import _prompt
from governance.intake.spec import read_spec

ANSWERS = {"kind": "change", "owner": "owner@example.com", "time_zone": "Europe/Berlin"}


def sample(tmp_path: Path, text: str, name: str = "sample.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def drafted(tmp_path: Path, text: str, name: str = "sample.csv", **answers: str):
    work = Desk({**ANSWERS, **answers})
    return new_source("vendor", sample(tmp_path, text, name), tmp_path / "sources", work, replace=True)


def rows(*opened: str) -> str:
    lines = [f"V-{number};Open a port;New;{at}" for number, at in enumerate(opened, start=1)]
    return "\n".join(["Ticket No;Subject;State;Opened", *lines, ""])


@pytest.mark.parametrize(("values", "formats", "evidence"), [
    (["21/01/2026", "03/04/2026"], ("%d/%m/%Y",), "day-first: 21/01/2026 cannot be read the other way"),
    (["01/21/2026 09:30", "3/4/2026 9:30"], ("%m/%d/%Y %H:%M",), "month-first: 01/21/2026 09:30 cannot"),
    (["2026-03-04", "2026-12-13"], ("%Y-%m-%d",), "written unmistakably"),
    (["14.03.2026 09:30"], ("%d.%m.%Y %H:%M",), "written unmistakably"),
    (["2026-03-04T05:06:07Z", "2026-03-04T05:06:07.25+0200"], ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"),
     "written unmistakably"),
])  # fmt: skip
def test_formats_of_dates_come_with_their_evidence(values, formats, evidence):
    found = read_dates(values)
    assert (found.formats, found.open) == (formats, False)
    assert evidence in found.evidence


@pytest.mark.parametrize("values", [["03/04/2026", "05-06-2026"], ["13/02/2026", "02/14/2026"]])
def test_an_order_that_the_values_do_not_tell_stays_open(values):
    assert read_dates(values).open


@pytest.mark.parametrize(
    "values", [["100000000012"], ["New", "Done"], [], ["V-1", "V-2"], ["1.5", "2.5"], ["31/31/2026"]]
)
def test_what_is_no_date_is_no_date(values):
    assert read_dates(values) is None


def test_dates_that_fit_both_orders_are_asked_and_not_guessed(tmp_path):
    found = drafted(tmp_path, rows("03/04/2026", "05/06/2026"))
    assert [question.key for question in found.draft.open] == ["dates"]
    with pytest.raises(DocumentError) as caught:
        read_spec(found.spec_file)
    [problem] = caught.value.problems
    assert (problem.key, problem.found) == ("dates", "an open question")
    assert "day-first or month-first?" in problem.expected
    assert problem.line == found.spec_file.read_text("utf-8").splitlines().index(
        next(line for line in found.draft.text.splitlines() if line.startswith("dates:"))
    ) + 1  # fmt: skip
    answered = drafted(tmp_path, rows("03/04/2026", "05/06/2026"), dates="month-first")
    assert read_spec(answered.spec_file).dates == ("%m/%d/%Y",)


def test_one_column_that_tells_the_order_tells_it_for_the_others(tmp_path):
    text = "No;Subject;State;Opened;Due\n1;a;New;03/04/2026;21/04/2026\n2;b;New;04/04/2026;22/04/2026\n"
    found = drafted(tmp_path, text)
    assert read_spec(found.spec_file).dates == ("%d/%m/%Y",)
    assert "day-first: as in column Due, where only that fits" in found.draft.text


def test_a_sample_that_tells_everything_but_what_only_people_know_is_drafted_whole(tmp_path):
    found = drafted(tmp_path, rows("21/04/2026", "22/04/2026"))
    spec = read_spec(found.spec_file)
    assert (spec.key, spec.shape, spec.mode) == (("Ticket No",), "snapshot", "shadow")
    assert spec.reader.delimiter == ";"
    assert spec.status.map == {"New": "submitted"}
    assert spec.fields["submitted_at"].column == ("Opened",)
    assert found.sample_file.read_bytes() == (tmp_path / "sample.csv").read_bytes()


def test_a_status_that_nobody_knows_is_asked_by_its_word(tmp_path):
    text = "No,Subject,State\n1,a,New\n2,b,Parked\n"
    found = drafted(tmp_path, text)
    assert [question.key for question in found.draft.open] == ["status.Parked"]
    answered = drafted(tmp_path, text, **{"status.Parked": "in_review"})
    assert read_spec(answered.spec_file).status.map == {"New": "submitted", "Parked": "in_review"}


def test_two_columns_that_fit_alike_are_asked(tmp_path):
    text = "No,Subject,Summary,State\n1,a,b,New\n2,c,d,New\n"
    assert [q.key for q in drafted(tmp_path, text).draft.open] == ["fields.title"]
    answered = drafted(tmp_path, text, **{"fields.title": "Summary"})
    assert read_spec(answered.spec_file).fields["title"].column == ("Summary",)


def test_keys_that_come_again_with_a_time_of_change_are_a_history(tmp_path):
    text = "No,Subject,State,Updated\n1,a,New,2026-01-21\n1,a,Done,2026-01-22\n2,b,New,2026-01-23\n"
    spec = read_spec(drafted(tmp_path, text).spec_file)
    assert (spec.shape, spec.fields["source_updated_at"].column) == ("event_log", ("Updated",))


def test_words_for_nothing_are_told_from_words(tmp_path):
    text = "No,Subject,State,Due,Country\n1,a,New,2026-01-21,NA\n2,b,New,n/a,DE\n3,c,New,2026-01-22,NA\n"
    found = drafted(tmp_path, text)
    assert [question.key for question in found.draft.open] == ["null.NA"]
    spec = read_spec(drafted(tmp_path, text, **{"null.NA": "no"}).spec_file)
    assert spec.nulls == ("n/a",)


def test_a_file_that_is_not_utf_8_asks_for_its_encoding(tmp_path):
    (tmp_path / "old.csv").write_bytes("No;Subject;State\n1;Büro;New\n2;b;New\n".encode("cp1252"))
    work = Desk(ANSWERS)
    new_source("old", tmp_path / "old.csv", tmp_path / "sources", work)
    assert [question.key for question in work.open] == ["encoding"]
    work = Desk({**ANSWERS, "encoding": "cp1252"})
    found = new_source("old", tmp_path / "old.csv", tmp_path / "sources", work, replace=True)
    assert read_spec(found.spec_file).reader.encoding == "cp1252"


@pytest.mark.parametrize(("name", "text"), [
    ("s.jsonl", '{"id": 1, "summary": "a", "state": {"name": "New"}}\n{"id": 2, "summary": "b", "state": {"name": "Done"}}\n'),
    ("s.yaml", "- {id: 1, summary: a, state: New}\n- {id: 2, summary: b, state: Done}\n"),
])  # fmt: skip
def test_other_forms_of_samples_are_read_by_their_reader(tmp_path, name, text):
    spec = read_spec(drafted(tmp_path, text, name).spec_file)
    assert spec.status.map == {"New": "submitted", "Done": "fulfilled"}
    assert spec.status.column[0].startswith("state")


def test_an_answer_that_nobody_asked_for_or_that_is_none_is_refused(tmp_path):
    with pytest.raises(GovernanceError, match="nobody asked for colour; this sample asks for: kind"):
        drafted(tmp_path, rows("21/04/2026", "22/04/2026"), colour="red")
    with pytest.raises(
        GovernanceError, match="answer kind=wish: 'wish' is none of addition, change, exception"
    ):
        drafted(tmp_path, rows("21/04/2026"), kind="wish")
    with pytest.raises(GovernanceError, match="is not an IANA time zone"):
        drafted(tmp_path, rows("21/04/2026"), time_zone="CET+1")


def test_a_spec_that_exists_is_not_overwritten(tmp_path):
    drafted(tmp_path, rows("21/04/2026", "22/04/2026"))
    with pytest.raises(GovernanceError, match="exists: choose another name"):
        new_source("vendor", tmp_path / "sample.csv", tmp_path / "sources", Desk(ANSWERS))
    with pytest.raises(GovernanceError, match="expected lower-case letters"):
        new_source("../up", tmp_path / "sample.csv", tmp_path / "sources", Desk(ANSWERS))


def test_what_a_sample_says_cannot_break_out_of_the_draft(tmp_path):
    text = (
        'No,Subject,State,"Note\n# x: y"\n1,"a: b # c",New,"{{ 7*7 }}"\n2,"- !!python/name:os.system",New,b\n'
    )
    found = drafted(tmp_path, text)
    assert read_spec(found.spec_file).fields["title"].column == ("Subject",)
    assert "49" not in found.draft.text


def test_a_large_sample_is_kept_in_part(tmp_path):
    found = drafted(tmp_path, rows(*["21/04/2026"] * 300))
    assert len(found.sample_file.read_text("utf-8").splitlines()) == 101


def test_the_commands_draft_check_and_preview(tmp_path, monkeypatch):
    monkeypatch.setenv("GOVERNANCE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setattr("governance.intake.scratch.is_possible", lambda: False)
    path = sample(tmp_path, rows("21/04/2026", "22/04/2026"))
    run = CliRunner()
    first = run.invoke(app, ["sources", "new", "vendor", "--from", str(path)])
    assert first.exit_code == 1
    assert "--answer 'time_zone=...'" in first.output
    answers = [word for key, value in ANSWERS.items() for word in ("--answer", f"{key}={value}")]
    second = run.invoke(app, ["sources", "new", "vendor", "--from", str(path), "--force", *answers])
    assert second.exit_code == 1, second.output  # nobody is named as requester: the gate says so
    assert "expected that somebody asks" in second.output
    shown = run.invoke(app, ["sources", "preview", "vendor", "--json"])
    [one, two] = json.loads(shown.output)
    assert (one["raw"]["Ticket No"], one["mapped"]["source_key"]) == ("V-1", "V-1")
    assert two["mapped"]["submitted_at"] == "2026-04-21T22:00:00+00:00"
    listed = run.invoke(app, ["sources", "list", "--json"])
    assert [row["name"] for row in json.loads(listed.output)] == ["vendor"]


def test_a_terminal_is_asked_until_the_answer_is_one():
    asking = typer.Typer()
    asking.command()(
        lambda: typer.echo(f"-> {_prompt(desk.Question('kind', 'what is it', ('change', 'addition')))}")
    )
    by_number = CliRunner().invoke(asking, input="wish\n2\n")
    assert "'wish' is none of change, addition" in by_number.output
    assert by_number.output.endswith("-> addition\n")
    assert CliRunner().invoke(asking, input="\n").output.endswith("-> None\n")


def test_the_examples_in_the_docstrings():
    for module in (dates, desk, document, reading, vocabulary):
        assert doctest.testmod(module).failed == 0
