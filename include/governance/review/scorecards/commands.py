"""`governance scorecard`: how each source is doing, and whether a shadow source is ready to be loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from governance.review.commands import AsOf


def scorecard(
    name: Annotated[str | None, typer.Argument(help="Only this source.")] = None,
    as_of: AsOf = None,
    html: Annotated[Path | None, typer.Option(help="Write the page to this file as well.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print how fresh, clean and complete each source is, what drifts, and whether its counts balance."""
    from governance import resources
    from governance.errors import GovernanceError
    from governance.instants import read_instant
    from governance.review.scorecards.card import as_json as plain
    from governance.review.scorecards.card import scorecards
    from governance.review.scorecards.page import render
    from governance.review.scorecards.words import lines
    from governance.review.writing import write_file
    from governance.session import open_register
    from governance.settings import Settings

    settings = Settings()
    instant = read_instant(as_of, "--as-of") if as_of else settings.instant()
    policies = resources.folder("policies", settings.config_dir)
    with open_register(settings).connect() as connection:
        cards = scorecards(connection, as_of=instant, policies=policies, source=name)
    if name and not cards:
        raise GovernanceError(
            f"found no run of {name!r} by {instant:%Y-%m-%d %H:%M}, expected a source that ran"
        )
    if html:
        write_file(str(html), render(cards, as_of=instant, lake=_reach(settings.lake_location)).encode())
    if as_json:
        typer.echo(json.dumps([plain(card) for card in cards], indent=2, default=str, ensure_ascii=False))
        return
    for card in cards:
        typer.echo("\n".join(lines(card)) + "\n")
    if not cards:
        typer.echo("no source has run yet")


def _reach(lake: str) -> str:
    return lake if "://" in lake else Path(lake).resolve().as_uri()
