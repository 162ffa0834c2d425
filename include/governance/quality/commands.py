"""`governance quarantine ...`: what was kept back, why, and what becomes of it."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

quarantine_app = typer.Typer(help="Records that were kept back, and why.", no_args_is_help=True)

Source = Annotated[str | None, typer.Option(help="Only this source.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@quarantine_app.command("list")
def list_items(
    source: Source = None,
    status: Annotated[str, typer.Option(help="open, replayed, discarded or all")] = "open",
    as_json: AsJson = False,
) -> None:
    """List records in quarantine, each with its reasons in words."""
    from governance.quality.quarantine import listing

    with _engine().connect() as connection:
        items = listing(connection, source, status)
    if as_json:
        typer.echo(json.dumps(items, indent=2, default=str))
        return
    for item in items:
        words = "; ".join(reason["words"] for reason in item["reasons"])
        typer.echo(f"{item['item']:>6}  {item['source']}  {item['locator']}  {words}")
    typer.echo(f"{len(items)} item(s)")


@quarantine_app.command("show")
def show_item(item: Annotated[int, typer.Argument(help="Number from `quarantine list`.")]) -> None:
    """Show one item: the record as it came, how it was mapped, every failed expectation."""
    from governance.quality.quarantine import show

    with _engine().connect() as connection:
        found = show(connection, item)
    typer.echo(json.dumps(found, indent=2, default=str, ensure_ascii=False))


@quarantine_app.command("replay")
def replay_items(
    items: Annotated[
        list[int] | None, typer.Argument(help="Numbers; none: all open ones of --source.")
    ] = None,
    source: Source = None,
) -> None:
    """Map and check quarantined records again with the spec as it is now; load those that pass.

    They keep their time of arrival. What still fails stays, with its reasons of today.
    """
    from governance import resources
    from governance.intake.replay import replay
    from governance.settings import Settings

    settings = Settings()
    policies = resources.folder("policies", settings.config_dir)
    results = replay(
        _engine(),
        items or [],
        source=source,
        now=settings.instant(),
        policies=policies,
        config_dir=settings.config_dir,
        by=getpass.getuser(),
    )
    for result in results:
        typer.echo(f"{result.source}: {result.message}")
    if not results:
        typer.echo("nothing to replay")


@quarantine_app.command("discard")
def discard_item(
    item: Annotated[int, typer.Argument(help="Number from `quarantine list`.")],
    reason: Annotated[str, typer.Option(help="Why this is no request; it is kept.")],
) -> None:
    """Decide that a record is no request. The record and the reason stay."""
    from governance.quality.quarantine import discard
    from governance.settings import Settings

    with _engine().begin() as connection:
        discard(connection, item, reason=reason, by=getpass.getuser(), now=Settings().instant())
    typer.echo(f"item {item} discarded")


def _engine() -> Any:
    from governance.session import open_register
    from governance.settings import Settings

    engine: Engine = open_register(Settings())
    return engine
