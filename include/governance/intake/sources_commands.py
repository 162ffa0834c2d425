"""`governance sources ...`: look at sources, draft one from a sample, and prove that it keeps its word."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from governance.intake.conformance import Outcome
    from governance.intake.drafting.desk import Question
    from governance.intake.preview import Preview

sources_app = typer.Typer(
    help="Where requests come from: list, check, preview, draft a new one.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="A spec of sources/ or sources/examples/, or a YAML file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
At = Annotated[Path | None, typer.Option("--path", help="Read this file or folder instead of the sample.")]


@sources_app.command("list")
def list_sources(as_json: AsJson = False) -> None:
    """List every source and example: reader, mode, schedule, owner; a broken one with its mistakes."""
    from governance import resources
    from governance.errors import DocumentError
    from governance.intake.spec import read_spec, spec_files
    from governance.settings import Settings

    rows: list[dict[str, Any]] = []
    for path in spec_files(resources.folder("sources", Settings().config_dir)):
        row = {"name": path.stem, "example": path.parent.name == "examples", "file": str(path)}
        try:
            spec = read_spec(path)
        except DocumentError as error:
            rows.append({**row, "problems": [str(problem) for problem in error.problems]})
            continue
        rows.append(
            {**row, "reader": spec.reader.type, "mode": spec.mode, "schedule": spec.schedule,
             "owner": spec.owner, "title": spec.title}
        )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(_source_line(row))
    typer.echo(f"{len(rows)} sources, {sum('problems' in row for row in rows)} of them broken")


def _source_line(row: dict[str, Any]) -> str:
    if "problems" in row:
        return "\n".join(f"{row['name']}: broken: {problem}" for problem in row["problems"])
    mode = "example" if row["example"] else row["mode"]
    return f"{row['name']:<28} {row['reader']:<12} {mode:<8} {row['schedule']:<14} {row['title']}"


@sources_app.command("check")
def check_source(name: Name, path: At = None, as_json: AsJson = False) -> None:
    """Run the conformance suite on the sample, offline: no connection is used, nothing is kept.

    Loading is tried in a database of its own on the embedded server (extra `sandbox`), else it is skipped.
    Exits 1 when a check fails.
    """
    from governance.intake import conformance, scratch
    from governance.intake.spec import find_path
    from governance.settings import Settings

    settings = Settings()
    spec_file = find_path(name, settings.config_dir)
    case = conformance.Case.of(spec_file, now=settings.instant(), path=path)
    trying = scratch.register(settings.var_dir.resolve() / "postgres") if scratch.is_possible() else None
    with trying or nullcontext() as register:
        outcomes = list(conformance.examine(case.with_register(register) if register else case))
    if as_json:
        typer.echo(json.dumps([_plain(outcome) for outcome in outcomes], indent=2, ensure_ascii=False))
    else:
        _print_outcomes(case.spec.name, len(case.records), outcomes)
    if any(outcome.status == "failed" for outcome in outcomes):
        raise typer.Exit(1)


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {
        "check": outcome.check.name, "words": outcome.check.words, "status": outcome.status,
        "problems": list(outcome.problems),
    }  # fmt: skip


def _print_outcomes(name: str, records: int, outcomes: list[Outcome]) -> None:
    marks = {"passed": ("ok", "green"), "failed": ("FAILED", "red"), "skipped": ("skipped", "yellow")}
    for outcome in outcomes:
        mark, colour = marks[outcome.status]
        typer.secho(f"{mark:<8} {outcome.check.words}", fg=colour)
        for problem in outcome.problems:
            typer.echo(f"           {problem}")
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    verdict = f"{failed} of {len(outcomes)} checks failed" if failed else "it keeps its word"
    typer.echo(f"{name}, {records} records: {verdict}")


@sources_app.command("preview")
def preview_source(
    name: Name,
    path: At = None,
    records: Annotated[int, typer.Option(min=1, help="So many records.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show records as they came and as the register would know them, side by side."""
    from dataclasses import asdict

    from governance import resources
    from governance.intake.preview import preview
    from governance.intake.samples import read_sample, sample_path
    from governance.intake.spec import find_path, read_spec
    from governance.register import ownership
    from governance.settings import Settings

    settings = Settings()
    spec_file = find_path(name, settings.config_dir)
    spec = read_spec(spec_file)
    found = read_sample(spec, path or sample_path(spec_file))[:records]
    policy = ownership.read(resources.folder("policies", settings.config_dir))
    shown = preview(spec, found, now=settings.instant(), policy=policy)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in shown], indent=2, ensure_ascii=False, default=str))
    else:
        _print_previews(shown)


def _print_previews(shown: list[Preview]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # text of a source is shown as it is: no markup of ours is read out of it, no control character acts
    console = Console(width=None if sys.stdout.isatty() else 120)
    for one in shown:
        table = Table("raw", "mapped", title=Text(one.locator), expand=True, title_justify="left")
        table.add_row(Text(_block(one.raw)), Text(_block(one.mapped)))
        console.print(table)
        for problem in one.problems:
            console.print(Text(f"  not read: {problem}", style="red"))


def _block(fields: dict[str, Any]) -> str:
    lines = (
        f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in fields.items()
        if value not in (None, "")
    )
    return "\n".join("".join(c if c.isprintable() else "␣" for c in line) for line in lines)


@sources_app.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of a spec, for editors."""
    from governance.intake.spec_schema import schema_text

    typer.echo(schema_text(), nl=False)


@sources_app.command("new")
def new_source(
    name: Annotated[str, typer.Argument(help="Name of the source: lower-case letters, digits, _.")],
    sample: Annotated[Path, typer.Option("--from", help="A sample: csv, tsv, jsonl, yaml or xlsx.")],
    answer: Annotated[
        list[str] | None, typer.Option(help="key=value, as `check` or the draft names the key; repeat it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Draft again over a spec that exists.")] = False,
) -> None:
    """Draft a spec from a sample, with the evidence for every choice, and check it.

    What the sample cannot say is asked on a terminal; elsewhere `--answer` says it, or the spec holds ASK
    in its place until somebody does. Exits 1 while a question is open or a check fails.
    """
    from governance.intake.drafting.desk import Desk
    from governance.intake.drafting.files import new_source as write
    from governance.settings import Settings

    given = dict(_answer(text) for text in answer or ())
    desk = Desk(given, _prompt if sys.stdin.isatty() and sys.stdout.isatty() else None)
    drafted = write(name, sample, _own_folder(Settings().config_dir), desk, replace=force)
    typer.echo(f"wrote {drafted.spec_file}\nkept the sample as {drafted.sample_file}")
    for problem in drafted.draft.broken[:10]:
        typer.secho(f"not read: {problem}", fg="yellow")
    for question in drafted.draft.open:
        typer.secho(f"open: {question.text}\n      --answer '{question.key}=...'", fg="yellow")
    if drafted.draft.open:
        raise typer.Exit(1)
    check_source(str(drafted.spec_file))


def _own_folder(config_dir: Path | None) -> Path:
    """The folder of one's own specs; raises GovernanceError where only the shipped ones are there."""
    from governance import resources
    from governance.errors import GovernanceError

    if config_dir is not None:
        return config_dir / "sources"
    folder = resources.folder("sources")
    if folder.parent.name == "shipped":
        raise GovernanceError("the shipped specs stay as they are: set GOVERNANCE_CONFIG_DIR to your folder")
    return folder


def _answer(text: str) -> tuple[str, str]:
    from governance.errors import GovernanceError

    key, equals, value = text.partition("=")
    if not (equals and key.strip() and value.strip()):
        raise GovernanceError(f"--answer {text!r}: expected key=value, such as kind=change")
    return key.strip(), value.strip()


def _prompt(question: Question) -> str | None:
    """Ask on the terminal until the answer is one; an empty one leaves the question open."""
    for number, choice in enumerate(question.choices, start=1):
        typer.echo(f"  {number}  {choice}")
    while True:
        said = str(typer.prompt(question.words, default="", show_default=False)).strip()
        if said.isdigit() and 0 < int(said) <= len(question.choices):
            said = question.choices[int(said) - 1]
        problem = question.problem(said) if said else None
        if problem is None:
            return said or None
        typer.secho(problem, fg="red")
