"""`governance intake`: run one source once, by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def intake_command(
    source: Annotated[str, typer.Argument(help="A spec of sources/ or sources/examples/, or a YAML file.")],
    path: Annotated[
        Path | None, typer.Option(help="Read this file or folder instead of the source's own place.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Pull everything, not only what is new.")] = False,
    accept: Annotated[
        str, typer.Option(help="Why this batch is right although its volume or columns are unlike before.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Pull, check and load one source once, and print its balanced counts. Safe to repeat.

    Exits 1 when the run failed or its batch was held; quarantined records are no failure of the run.
    """
    from dataclasses import asdict

    from governance.intake.run import Intake
    from governance.intake.spec import find_spec
    from governance.session import open_register
    from governance.settings import Settings

    settings = Settings()
    spec = find_spec(source, settings.config_dir)
    engine = open_register(settings)
    intake = Intake(
        engine, settings.instant(), settings.lake_location, full=full, path=path, accepted=accept.strip()
    )
    result = intake.run(spec)
    requests = intake.requests(result.source)
    engine.dispose()
    if as_json:
        typer.echo(json.dumps({**asdict(result), "requests": requests}))
    else:
        typer.echo(f"{result.source}: {result.status}: {result.message}")
        typer.echo(f"the register holds {requests} request(s) of this source")
        if result.quarantined:
            typer.echo(f"see: governance quarantine list --source {result.source}")
    if result.status in ("failed", "held"):
        raise typer.Exit(1)
