"""`governance ...`: the whole of the library from a terminal, without a scheduler."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from governance import __version__
from governance.actuation.commands import act, actions
from governance.doctor.commands import doctor
from governance.errors import GovernanceError
from governance.escalation.commands import escalate, outbox_app
from governance.escalation.drafts_commands import drafts_app
from governance.intake.commands import intake_command
from governance.intake.duplicates.commands import duplicates_app
from governance.intake.requests_commands import requests_app
from governance.intake.sources_commands import sources_app
from governance.observation.commands import iam, observe
from governance.quality.commands import quarantine_app
from governance.reconciliation.commands import findings_app, reconcile
from governance.reconciliation.explain_commands import explain
from governance.reconciliation.planes.commands import live_exceptions
from governance.reconciliation.preview_commands import preview
from governance.register.commands import register_app
from governance.review.commands import kpis, pack
from governance.review.scorecards.commands import scorecard
from governance.sandbox.commands import demo, down, sandbox_app

app = typer.Typer(
    name="governance",
    help=(
        "Requests for additions, changes and exceptions: pulled from where they live, checked, chased, "
        "proved against AWS and measured.\n\n"
        "Start with `governance demo`. Settings come from the environment (GOVERNANCE_*), connections from "
        "AIRFLOW_CONN_* as Airflow reads them; without GOVERNANCE_REGISTER_URL an embedded PostgreSQL below "
        "var/ is used."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"governance {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


PANELS: dict[str, dict[str, Callable[..., None]]] = {
    "Try it": {"demo": demo, "down": down},
    "Run one step by hand": {
        "intake": intake_command,
        "escalate": escalate,
        "observe": observe,
        "reconcile": reconcile,
        "act": act,
        "pack": pack,
        "kpis": kpis,
        "scorecard": scorecard,
    },
    "Look after it": {
        "doctor": doctor,
        "explain": explain,
        "iam": iam,
        "live-exceptions": live_exceptions,
        "actions": actions,
    },
}
for panel, commands in PANELS.items():
    for name, function in commands.items():
        app.command(name, rich_help_panel=panel)(function)

requests_app.command("preview")(preview)
for name, group in {
    "quarantine": quarantine_app,
    "sources": sources_app,
    "requests": requests_app,
    "duplicates": duplicates_app,
    "findings": findings_app,
    "outbox": outbox_app,
    "drafts": drafts_app,
    "register": register_app,
    "sandbox": sandbox_app,
}.items():
    app.add_typer(group, name=name, rich_help_panel="Look after it")


def main() -> None:
    """Entry point: errors raised on purpose end in one line on stderr and exit status 2."""
    try:
        app()
    except GovernanceError as error:
        typer.secho(f"error: {error}", fg="red", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("interrupted", err=True)
        sys.exit(130)
