"""`governance register ...`: the schema of the register, and the proof of its history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

register_app = typer.Typer(help="The system of record: schema and proof of history.", no_args_is_help=True)


@register_app.command("migrate")
def migrate() -> None:
    """Bring the register's schema to the version this code expects. Safe to repeat, also at once."""
    from governance.register.database import migrate as upgrade
    from governance.register.database import schema_versions

    engine = _engine()
    before, expected = schema_versions(engine)
    upgrade(engine)
    typer.echo(f"register schema: {before or 'none'} -> {expected}")


@register_app.command("verify")
def verify() -> None:
    """Recompute the hash chains of requests and actions; exit 1 and name what does not add up."""
    from governance.register.history import broken, last_seal

    with _engine().connect() as connection:
        found = broken(connection)
        seal = last_seal(connection)
    for words in found:
        typer.secho(words, fg="red", err=True)
    if found:
        raise typer.Exit(1)
    newest = f"; block {seal[0]} is sealed {seal[1]}" if seal else ", and empty"
    typer.echo(f"the history is as it was written{newest}")


def _engine() -> Engine:
    """The register of the settings, whatever version its schema has."""
    from governance.connections import from_environment
    from governance.register.database import connect
    from governance.session import open_register, register_url
    from governance.settings import Settings

    settings = Settings()
    url = register_url(settings, from_environment)
    return connect(url) if url else open_register(settings)
