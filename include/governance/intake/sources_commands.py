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
