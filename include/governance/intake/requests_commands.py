"""`governance requests submit` and `forms`: ask for something, and the forms to ask with."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.register.requests_commands import requests_app

if TYPE_CHECKING:
    from governance.intake.forms.definition import Form, FormField

__all__ = ["requests_app"]

Kind = Annotated[str | None, typer.Option(help="addition, change or exception")]


@requests_app.command("submit")
def submit_request(
    kind: Kind = None,
    title: Annotated[str | None, typer.Option(help="In one line what is asked for.")] = None,
    fields: Annotated[
        list[str] | None, typer.Option("--set", help="'Label=value' or 'field=value'; repeat it.")
    ] = None,
    from_file: Annotated[
        Path | None, typer.Option("--from", help="A filled form: YAML, JSON or an e-mail template's text.")
    ] = None,
    submission: Annotated[
        str | None, typer.Option(help="Id of your own: sent twice, it is one request.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Submit a request: checked as every source is, registered at once. Safe to repeat.

    Required fields that are missing are asked on a terminal. Exits 1 with the reasons when it does not pass.
    """
    from governance.intake.forms.answers import answers_of, kind_of, read_answers
    from governance.intake.forms.definition import read_form
    from governance.settings import Settings

    given = read_answers(from_file) if from_file else {}
    given |= dict(_pair(text) for text in fields or ())
    given |= {"title": title} if title else {}
    given |= {"submission": submission} if submission else {}
    form = read_form(kind_of(given, kind), Settings().config_dir)
    _submit(_complete(form, answers_of(form, given)), as_json)


def _submit(answers: dict[str, str], as_json: bool) -> None:
    from governance.intake.spec import find_spec
    from governance.intake.submission import RefusedError, submit
    from governance.session import open_register
    from governance.settings import Settings

    settings = Settings()
    spec = find_spec("form", settings.config_dir)
    engine = open_register(settings)
    try:
        done = submit(engine, spec, answers, now=settings.instant(), lake=settings.lake_location)
    except RefusedError as error:
        if as_json:
            typer.echo(json.dumps({"registered": False, "reasons": error.reasons}, ensure_ascii=False))
        else:
            typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from error
    if as_json:
        found = {"request_id": done.request_id, "submission": done.submission, "status": done.status}
        typer.echo(json.dumps({"registered": True, "known": done.known, **found}))
    else:
        before = " was registered before and" if done.known else ""
        typer.echo(f"{done.request_id}{before} is {done.status} (submission {done.submission})")


def _pair(text: str) -> tuple[str, str]:
    from governance.errors import GovernanceError

    name, equals, value = text.partition("=")
    if not (equals and name.strip()):
        raise GovernanceError(f"--set {text!r}: expected Label=value, such as 'Risk level=High'")
    return name.strip(), value.strip()


def _complete(form: Form, answers: dict[str, str]) -> dict[str, str]:
    """Ask for required fields that are missing, on a terminal; elsewhere say which they are."""
    from governance.errors import GovernanceError
    from governance.intake.forms.answers import missing

    lacking = missing(form, answers)
    if lacking and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise GovernanceError(f"the form for {form.kind}s needs {', '.join(lacking)}: say them with --set")
    asked = {one.field: _ask(one) for one in form.fields if one.label in lacking}
    return answers | asked


def _ask(one: FormField) -> str:
    words = {choice.casefold(): word for choice, word in one.choices.items()}
    hint = ", ".join(one.choices) or (f"such as {one.example}" if one.example else "")
    while True:
        said = str(typer.prompt(f"{one.label} ({one.help}{f'; {hint}' if hint else ''})")).strip()
        if not words or said.casefold() in words:
            return words.get(said.casefold(), said)
        typer.secho(f"{said!r} is none of {hint}", fg="red")


@requests_app.command("forms")
def write_forms(
    kind: Kind = None,
    out: Annotated[Path, typer.Option(help="Folder; a folder for each kind is made in it.")] = Path("forms"),
    owner: Annotated[
        str | None, typer.Option(help="For the specs: who hears of quarantined records.")
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="For the specs: on whose clock people write.")] = None,
) -> None:
    """Write the forms: GitHub issue form, CSV, XLSX, Jira fields, e-mail; and the specs that read them."""
    from governance.errors import GovernanceError
    from governance.intake.forms.definition import read_form
    from governance.intake.forms.writing import write_form
    from governance.register.request import KINDS
    from governance.settings import Settings

    if kind is not None and kind not in KINDS:
        raise GovernanceError(f"kind {kind!r}: expected one of {', '.join(KINDS)}")
    for name in [kind] if kind else KINDS:
        form = read_form(name, Settings().config_dir)
        for path in write_form(form, out, owner=owner, time_zone=time_zone):
            typer.echo(str(path))
