"""`governance explain`: the whole story of one request, or of one resource."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from governance.instants import read_instant

if TYPE_CHECKING:
    from governance.reconciliation.explain import Story


def explain(
    request_id: Annotated[
        str | None, typer.Argument(metavar="[REQUEST]", help="A request, such as EXC-000125.")
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="Instead of a request: the account of a resource.")
    ] = None,
    resource: Annotated[str | None, typer.Option(help="Its id, as AWS Config names it.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only this rule; default: all that judge it.")] = None,
    at: Annotated[
        str | None, typer.Option(help="As known at this instant (ISO 8601, UTC where no offset is named).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Say why: `explain EXC-000125`, or `explain --account A --resource R --rule X`, at any instant."""
    from governance.errors import GovernanceError
    from governance.reconciliation import explain as stories
    from governance.resources import folder
    from governance.session import open_register
    from governance.settings import Settings

    settings = Settings()
    when = read_instant(at) if at else settings.instant()
    if (request_id is None) == (account is None or resource is None):
        raise GovernanceError("what is to be explained? Name a request, or both --account and --resource")
    with open_register(settings).connect() as connection:
        if request_id is not None:
            story = stories.explain_request(connection, request_id, when)
        else:
            item = stories.Item(account or "", resource or "", rule)
            story = stories.explain_item(connection, item, when, folder("policies", settings.config_dir))
    _print(story, when, as_json)


def _print(story: Story, when: datetime, as_json: bool) -> None:
    if as_json:
        turns = [{"at": at.isoformat(), "what": what, "words": words} for at, what, words in story.turns]
        found = {"at": when.isoformat(), "head": story.head, "facts": story.facts, "turns": turns}
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    typer.echo(f"As known at {when:%Y-%m-%d %H:%MZ}\n{story.head}\n")
    for name, words in story.facts:
        typer.echo(f"  {name:<16}{words}")
    if story.turns:
        typer.echo("")
    for instant, what, words in story.turns:
        typer.echo(f"  {instant:%Y-%m-%d %H:%MZ}  {what:<20}{words}")
