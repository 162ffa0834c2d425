"""`governance doctor`: check everything a run needs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the checks as JSON.")] = False,
) -> None:
    """Check everything a run needs; each line says what is wrong and how to mend it.

    Looks at policies and source specs, the register (connection, schema, hash chain), each source, AWS (and
    names the IAM actions that are missing) and mail. Changes nothing. Exits 1 if anything is wrong.
    """
    from governance.doctor.examination import examine
    from governance.settings import Settings

    checks = []
    for check in examine(Settings()):
        checks.append(check)
        if not as_json:
            mark, colour = MARKS[check.state]
            typer.secho(f"{mark} {check.about}: {check.found}", fg=colour)
            if check.mend and check.state != "ok":
                typer.echo(f"  → {check.mend}")
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], indent=2))
    if any(check.state == "failed" for check in checks):
        raise typer.Exit(1)
