"""One definition for each kind of request; whichever way a filled form comes, nothing of it is quarantined."""

from __future__ import annotations

import doctest
import json
from typing import Any

import openpyxl
import pytest
import yaml

from governance.errors import DocumentError
from governance.intake import notations
from governance.intake.forms.definition import Form, FormField, read_form, read_forms
from governance.intake.forms.specs import WAYS, spec_name, spec_text
from governance.intake.forms.templates import email_template, github_form
from governance.intake.forms.writing import write_form
from governance.intake.spec import SourceSpec, read_spec
from governance.sandbox import http_server, imap, jira, jira_documents
from governance.sandbox.faults import Faults
from governance.sandbox.github import TOKEN, Github
from governance.sandbox.jira import Jira
from governance.spreadsheets import write_csv
from intake_worlds import connections, pull, reasons, rows
from mail_worlds import connection, drawn, mail, mailbox

ALL = pytest.mark.parametrize("kind", ["addition", "change", "exception"])


def filled(form: Form) -> dict[str, str]:
    return {one.label: one.sample or "R-1" for one in form.fields}


def spec_of(form: Form, way: str, tmp_path, **replaced: str) -> SourceSpec:
    """The generated spec, as somebody completes it: owner and zone said, questions answered."""
    text = spec_text(form, way, owner="owner@example.com", time_zone="Europe/Berlin").replace(
        "mode: shadow", "mode: live"
    )
    for found, answer in replaced.items():
        text = text.replace(found, answer)
    path = tmp_path / f"{spec_name(form, way)}.yaml"
    path.write_text(text, "utf-8")
    return read_spec(path)


def assert_whole(register, form: Form, source: str) -> None:
    """Every field of the form has arrived in the register, and a text as it was written."""
    names = ", ".join(one.field for one in form.fields)
    [found] = rows(register, f"SELECT kind, status, {names} FROM request WHERE source = :s", s=source)
    assert found[:2] == (form.kind, "submitted")
    arrived = dict(zip([one.field for one in form.fields], found[2:], strict=True))
    assert [name for name, value in arrived.items() if value is None] == []
    for one in form.fields:
        if one.type in ("line", "text", "mail"):
            assert arrived[one.field] == (one.sample or "R-1")
        elif one.choices:
            assert arrived[one.field] == one.choices[one.sample]


@ALL
def test_a_filled_csv_loads_whole(kind, tmp_path, register, now):
    form = read_form(kind)
    values = filled(form)
    write_form(form, tmp_path)
    header = (tmp_path / kind / "template.csv").read_text("utf-8-sig").strip().split(",")
    row = [{"Number": "7", "Submitted": "2026-11-13", **values}[name] for name in header]
    write_csv(tmp_path / "filled.csv", header, [row])
    result = pull(
        register, spec_of(form, "csv", tmp_path), now, tmp_path / "lake", path=tmp_path / "filled.csv"
    )
    assert (result.pulled, result.loaded, result.quarantined) == (1, 1, 0), reasons(register, result.source)
    assert_whole(register, form, result.source)


def _fill_workbook(path, values):
    book = openpyxl.load_workbook(path)
    sheet = book["Requests"]
    for cell in sheet[1]:
        sheet.cell(2, cell.column).value = {"Number": "7", "Submitted": "2026-11-13", **values}[cell.value]
    book.save(path)


@ALL
def test_a_filled_workbook_loads_whole(kind, tmp_path, register, now):
    form = read_form(kind)
    write_form(form, tmp_path)
    path = tmp_path / kind / "template.xlsx"
    _fill_workbook(path, filled(form))
    result = pull(register, spec_of(form, "xlsx", tmp_path), now, tmp_path / "lake", path=path)
    assert (result.loaded, result.quarantined) == (1, 0), reasons(register, result.source)
    assert_whole(register, form, result.source)


@ALL
def test_the_workbook_offers_the_words_of_the_form(kind, tmp_path):
    form = read_form(kind)
    write_form(form, tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / kind / "template.xlsx")["Requests"]
    drop_downs = [rule for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    assert len(drop_downs) == sum(bool(one.choices) for one in form.fields)


def _answered_mail(form: Form) -> str:
    """The e-mail template as somebody returns it: quoted, filled in, signed."""
    values = filled(form)
    lines = []
    for line in email_template(form).splitlines():
        label = line.removesuffix(":")
        lines.append(f"> {line} {values[label]}" if label in values else f"> {line}")
    return "\n".join(["Hello, here it is.", *lines, "-- ", "Ida"])


def _answered_issue(form: Form) -> str:
    """The body that GitHub makes of a filled issue form."""
    values = filled(form)
    fields = [one for one in yaml.safe_load(github_form(form))["body"] if one["type"] != "markdown"]
    labels = [one["attributes"]["label"] for one in fields]
    return "\n\n".join(f"### {label}\n\n{values[label]}" for label in labels)


@ALL
def test_a_filled_issue_form_loads_whole(kind, tmp_path, register, now):
    form = read_form(kind)
    at = "2026-11-13T08:00:00Z"
    issue = {
        "number": 7, "title": filled(form)["Title"], "body": _answered_issue(form), "state": "open",
        "state_reason": None, "labels": [{"name": f"kind: {kind}"}], "user": {"login": "ida", "type": "User"},
        "html_url": "https://example.com/7", "created_at": at, "updated_at": at, "closed_at": None,
        "assignee": None, "comments": 0,
    }  # fmt: skip
    spec = spec_of(form, "github", tmp_path, **{"'ASK: owner/name of the repository'": "example-org/forms"})
    site = Github("example-org/forms", [issue], Faults("/issues"))
    with http_server.serve(site.application()) as serving:
        found = {"conn_type": "http", "host": serving.url, "password": TOKEN}
        result = pull(register, spec, now, tmp_path / "lake", lookup=connections(**{spec.connection: found}))
    assert (result.pulled, result.loaded, result.quarantined) == (1, 1, 0), reasons(register, result.source)
    assert_whole(register, form, result.source)


def _jira_value(one: FormField) -> Any:
    """What Jira Cloud answers for a field of the type that the list of fields asks for."""
    text = one.sample or "R-1"
    if one.choices:
        return {"value": text}
    if one.type == "time":
        return f"{text.replace(' ', 'T')}:00.000+0100"
    return jira_documents.document(text) if one.has_lines else text


@ALL
def test_a_filled_jira_issue_loads_whole(kind, tmp_path, register, now):
    form = read_form(kind)
    own = [one for one in form.fields if one.field != "title"]
    ids = {one.label: f"customfield_2{number:04d}" for number, one in enumerate(own)}
    at = "2026-11-13T09:00:00.000+0100"
    told = {"summary": filled(form)["Title"], "status": {"name": "Open"}, "created": at, "updated": at,
            "project": {"key": "GOV"}, **{ids[one.label]: _jira_value(one) for one in own}}  # fmt: skip
    issue = {"id": "7", "key": "GOV-7", "self": "https://example.com/rest/api/3/issue/7", "fields": told,
             "changelog": {"histories": [], "total": 0}}  # fmt: skip
    answers = {"'ASK: which issues, such as project = GOV'": "project = GOV"}
    for one in sorted(own, key=lambda one: -len(one.label)):  # 'Risk if denied' before 'Risk'
        behind = ", with .value behind it" if one.choices else ""
        answers[f"'ASK: id of the custom field {one.label}{behind}'"] = ids[one.label] + ".value" * bool(
            behind
        )
    spec = spec_of(form, "jira", tmp_path, **answers)
    with http_server.serve(Jira([issue], Faults("/rest/api")).application()) as serving:
        found = {"conn_type": "http", "host": serving.url, "login": jira.LOGIN, "password": jira.TOKEN}
        result = pull(register, spec, now, tmp_path / "lake", lookup=connections(**{spec.connection: found}))
    assert (result.pulled, result.loaded, result.quarantined) == (1, 1, 0), reasons(register, result.source)
    assert_whole(register, form, result.source)


@ALL
def test_a_filled_mail_loads_whole(kind, tmp_path, register, now):
    form = read_form(kind)
    spec = spec_of(form, "email", tmp_path)
    with imap.serve(mailbox(mail("m1", text=_answered_mail(form)))) as serving:
        lookup = connections(**{spec.connection: connection(serving)})
        result = pull(register, spec, now, tmp_path / "lake", lookup=lookup)
    assert (result.pulled, result.loaded, result.quarantined) == (1, 1, 0), reasons(register, result.source)
    assert_whole(register, form, result.source)


@ALL
def test_the_mailbox_that_ships_reads_the_template_that_ships(kind, tmp_path, register, now):
    """One mailbox takes the forms of all kinds: which one it is stands in the form itself."""
    form = read_form(kind)
    result = drawn(register, mailbox(mail("m1", text=_answered_mail(form))), now, tmp_path / "lake")
    assert (result.pulled, result.loaded, result.quarantined) == (1, 1, 0), reasons(register, result.source)
    assert_whole(register, form, result.source)


@ALL
def test_every_way_has_a_spec_that_is_whole_but_for_its_questions(kind, tmp_path):
    form = read_form(kind)
    for way in WAYS:
        path = tmp_path / f"{spec_name(form, way)}.yaml"
        path.write_text(spec_text(form, way), "utf-8")
        with pytest.raises(DocumentError) as caught:
            read_spec(path)
        assert {problem.found for problem in caught.value.problems} == {"an open question"}


def test_the_issue_form_has_the_shape_that_github_knows():
    for form in read_forms():
        document = yaml.safe_load(github_form(form))
        assert set(document) == {"name", "description", "labels", "body"}
        ids = [one.get("id") for one in document["body"][1:]]
        assert len(ids) == len(set(ids)) == len(form.fields) - 1
        for one in document["body"][1:]:
            assert one["type"] in ("input", "textarea", "dropdown")
            assert one["type"] != "dropdown" or one["attributes"]["options"]


def test_the_same_form_gives_the_same_bytes(tmp_path):
    first = {p.name: p.read_bytes() for p in write_form(read_form("exception"), tmp_path / "a")}
    assert {p.name: p.read_bytes() for p in write_form(read_form("exception"), tmp_path / "b")} == first


@pytest.mark.parametrize(("old", "new", "words"), [
    ("field: risk_level", "field: riskiness", "'riskiness' is none"),
    ("label: Benefit", "label: Title", "'title' stands twice"),
    ("label: Benefit", "label: Account", "account is one"),
    ("Critical: critical", "Critical: deadly", "'deadly' is none of low"),
    ("label: Valid from, type: date", "label: Valid from, type: line", "type date or time"),
    ("kind: exception", "kind: wish", "kind: found 'wish'"),
])  # fmt: skip
def test_a_mistake_in_a_form_says_what_would_be_right(tmp_path, root, old, new, words):
    text = (root / "include" / "templates" / "forms" / "exception.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "templates" / "forms").mkdir(parents=True)
    (tmp_path / "templates" / "forms" / "exception.yaml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(DocumentError, match=words):
        read_form("exception", tmp_path)


@pytest.mark.parametrize(("notation", "text", "words"), [
    ("scopes", "everything", "expected dimension: value"),
    ("scopes", "account: 1; account: 2", "account stands twice"),
    ("scopes", "tag: team", "expected key=value"),
    ("pairs", "name", "expected name: value"),
])  # fmt: skip
def test_what_people_write_by_hand_is_never_guessed(notation, text, words):
    with pytest.raises(ValueError, match=words):
        notations.read(notation, text)


def test_the_examples_in_the_docstrings():
    assert doctest.testmod(notations).failed == 0
    assert json.loads(json.dumps(notations.scopes("account: 1"))) == [{"account": ["1"]}]
