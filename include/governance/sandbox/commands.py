"""`governance demo`, `governance down`, `governance sandbox ...`: the mechanism on this machine alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

VarDir = Annotated[
    Path | None, typer.Option("--var", help="Folder for everything the demo writes; default: var/ here.")
]

sandbox_app = typer.Typer(help="The stand-ins and the scenario that fills them.", no_args_is_help=True)


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running; `governance down` ends it.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the closing tables as JSON.")] = False,
    var: VarDir = None,
) -> None:
    """Run it all once, on a real Airflow: intake, escalation, observation, reconciliation, review pack.

    Starts embedded PostgreSQL, the stand-ins (an AWS organization, Jira, a mail server) and Airflow; stops
    all of them at the end. Exits 1 when a DAG failed, a count does not balance or a planted case was missed.
    Run it twice: the second run finds nothing new.
    """
    from rich.console import Console

    from governance.sandbox.demo import Demo
    from governance.sandbox.views import LiveView, closing_tables

    view = LiveView(Console(stderr=True))
    try:
        report = Demo(_var_dir(var), view, keep=keep).run()
    finally:
        view.close()
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), indent=2, default=str) + "\n")
    else:
        Console().print(closing_tables(report))
    for problem in report.problems:
        typer.secho(f"✗ {problem}", fg="red", err=True)
    if keep:
        typer.secho(
            f"\nAirflow: {report.airflow_url}   user: admin   password: {report.airflow_password}\n"
            f"For `governance ...` against it: set -a; . {report.places['environment']}; set +a\n"
            "Stop everything: governance down",
            err=True,
        )
    if report.problems:
        raise typer.Exit(1)


def down(var: VarDir = None) -> None:
    """Stop every process that a demo left running, PostgreSQL included. What it wrote stays in var/."""
    from governance.sandbox.demo import stop_everything

    stopped = stop_everything(_var_dir(var))
    typer.echo(f"stopped: {', '.join(stopped)}" if stopped else "nothing was running")


@sandbox_app.command("answers")
def answers(as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """List the planted cases of the scenario, each with its right answer and the reason."""
    from dataclasses import asdict

    from rich.console import Console

    from governance.sandbox.scenario import answers as planted
    from governance.sandbox.scenario import build

    scenario = build()
    if as_json:
        rows = [asdict(case) for case in scenario.planted]
        sys.stdout.write(json.dumps(rows, indent=2, default=str) + "\n")
    else:
        console = Console()
        wide = console if console.is_terminal else Console(width=160)  # a pipe has no width of its own
        wide.print(planted.table(scenario))


@sandbox_app.command("serve")
def serve(
    var: VarDir = None,
    port: Annotated[
        int, typer.Option(help="Port of the AWS stand-in; the others take those that follow.")
    ] = 5000,
) -> None:
    """Run the stand-ins alone, in the foreground, for experiments. services.json says where they are."""
    import runpy

    from governance.sandbox.stand_ins import PORTS

    ports = [f"--{name}-port={port + usual - PORTS['aws']}" for name, usual in PORTS.items()]
    sys.argv = ["governance.sandbox.services", "--var", str(_var_dir(var)), *ports]
    runpy.run_module("governance.sandbox.services", run_name="__main__", alter_sys=True)


def _var_dir(var: Path | None) -> Path:
    from governance.settings import Settings

    return (var or Settings().var_dir).resolve()
