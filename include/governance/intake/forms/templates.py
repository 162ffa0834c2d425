"""Templates of a form: GitHub issue form, CSV, XLSX, Jira fields, e-mail; the same form, the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from governance.intake.form_text import form_text
from governance.intake.forms.definition import Form, FormField
from governance.spreadsheets import Cell, Column, Sheet, write_csv, write_xlsx

NUMBER = "Number"
SUBMITTED = "Submitted"
OWN_COLUMNS = (
    Column(NUMBER, 12, note="A number of your own for this request, and never for another."),
    Column(SUBMITTED, 14, note="Day on which it is asked for: 2026-11-16"),
)
"""Columns of a sheet that no form has: what other sources say by themselves."""
_JIRA_TYPES = {
    "line": "Text Field (single line)", "text": "Paragraph", "mail": "Text Field (single line)",
    "choice": "Select List (single choice)", "date": "Date Picker", "time": "Date Time Picker",
    "list": "Paragraph", "scopes": "Paragraph", "pairs": "Paragraph",
}  # fmt: skip


def github_form(form: Form) -> str:
    """Return the issue form: `.github/ISSUE_TEMPLATE/<kind>.yml`. The issue's title is the request's.

    https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms
    """
    body: list[dict[str, Any]] = [{"type": "markdown", "attributes": {"value": form.intro}}]
    body += [_github_field(one) for one in form.fields if one.field != "title"]
    document = {"name": form.title, "description": form.intro, "labels": [f"kind: {form.kind}"],
                "body": body}  # fmt: skip
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)


def _github_field(one: FormField) -> dict[str, Any]:
    kind = "dropdown" if one.choices else "textarea" if one.has_lines else "input"
    attributes: dict[str, Any] = {"label": one.label, "description": one.help}
    if one.choices:
        attributes["options"] = list(one.choices)
    elif one.example:
        attributes["placeholder"] = one.example
    return {
        "type": kind, "id": one.field, "attributes": attributes, "validations": {"required": one.required},
    }  # fmt: skip


def csv_template(form: Form, path: Path) -> None:
    """Write the header of a sheet to fill in."""
    write_csv(path, [column.title for column in OWN_COLUMNS] + list(form.labels), [])


def xlsx_template(form: Form, path: Path) -> None:
    """Write a workbook to fill in: drop-downs for choices, help where a cell is chosen."""
    columns = [*OWN_COLUMNS, *(_xlsx_column(one) for one in form.fields)]
    write_xlsx(path, [Sheet("Requests", columns), Sheet("How to", HOW_TO, _how_to(form))])


HOW_TO = (Column("Column"), Column("Required", 10), Column("What to write", 70), Column("Example", 50))


def _xlsx_column(one: FormField) -> Column:
    need = "" if one.required else " May stay empty."
    width = 40 if one.has_lines or one.field == "title" else 22
    return Column(one.label, width, tuple(one.choices), f"{one.help}.{need}")


def _how_to(form: Form) -> list[list[Cell]]:
    return [[one.label, "yes" if one.required else "no", one.help, one.sample] for one in form.fields]


def jira_fields_csv(form: Form, path: Path) -> None:
    """Write the custom fields that a Jira project needs for this form, one to a row."""
    header = ["Name", "Type", "Required", "Options", "Description", "Register field"]
    write_csv(path, header, [_jira_row(one) for one in form.fields])


def _jira_row(one: FormField) -> list[Cell]:
    if one.field == "title":
        return ["Summary", "system field", "yes", "", one.help, one.field]
    need = "yes" if one.required else "no"
    return [one.label, _JIRA_TYPES[one.type], need, "; ".join(one.choices), one.help, one.field]


def jira_fields_markdown(form: Form) -> str:
    """Return the same as a table to read."""
    head = [f"# {form.title}: fields in Jira", "", form.intro, ""]
    rows = [["name", "type", "required", "options", "description"], ["---"] * 5]
    rows += [[str(cell).replace("|", "\\|") for cell in _jira_row(one)[:5]] for one in form.fields]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def email_template(form: Form) -> str:
    """Return the text of an e-mail to fill in; lines that begin with # are hints and are not read."""
    hints = {one.label: _hint(one) for one in form.fields}
    lines = [form.intro, "Fill in what stands behind the colons; leave the labels as they are.", ""]
    for line in form_text(dict.fromkeys(form.labels, ""), form.kind).splitlines():
        hint = hints.get(line.removesuffix(":"))
        lines += [hint, line] if hint else [line]
    return "\n".join(lines) + "\n"


def _hint(one: FormField) -> str:
    words = f"{one.help}: one of {', '.join(one.choices)}" if one.choices else one.help
    example = f" Example: {one.example}" if one.example else ""
    return f"# {words}.{example}{'' if one.required else ' (may stay empty)'}"
