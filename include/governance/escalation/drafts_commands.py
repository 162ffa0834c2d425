"""`governance drafts ...`: requests that were drafted for the owners of deviations."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import typer

drafts_app = typer.Typer(
    help="Exception requests drafted for deviations that nobody approved.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


@drafts_app.command("list")
def list_drafts(
    owner: Annotated[str | None, typer.Option(help="Only those of this owner.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List drafts, and what became of them."""
    from governance.escalation.drafts import listing
    from governance.escalation.wording import line
    from governance.session import open_register
    from governance.settings import Settings

    with open_register(Settings()).connect() as connection:
        rows = listing(connection, owner=owner, limit=limit)
    if as_json:
        typer.echo(json.dumps(rows, default=_plain, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['draft_id']}  {_state(row)}  {row['owner']}: {line(row['title'])}")
    typer.echo(f"{len(rows)} draft(s)")


def _state(row: dict[str, Any]) -> str:
    if row["request_id"]:
        return f"{row['request_id']} {row['status']}"
    return f"{row['open']:,} of {row['findings']:,} open"


@drafts_app.command("show")
def show_draft(
    draft_id: Annotated[str, typer.Argument(metavar="ID", help="Such as DRF-000001.", show_default=False)],
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="Print what `governance requests submit --from FILE` takes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one draft, or print it as a filled form."""
    from governance import resources
    from governance.errors import GovernanceError
    from governance.escalation.draft_form import filled_form
    from governance.escalation.drafts import find
    from governance.session import open_register
    from governance.settings import Settings

    settings = Settings()
    with open_register(settings).connect() as connection:
        found = find(connection, draft_id)
    if found is None:
        raise GovernanceError(f"draft {draft_id!r} is not known; `governance drafts list` shows them")
    if as_yaml:
        templates = resources.folder("templates", settings.config_dir)
        typer.echo(filled_form(draft_id, found["content"], templates), nl=False)
    elif as_json:
        typer.echo(json.dumps(found, default=_plain, ensure_ascii=False))
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    from governance.escalation.wording import line

    become = (
        f"submitted as {found['request_id']}, {found['status']}" if found["request_id"] else "not submitted"
    )
    typer.echo(
        f"{found['draft_id']}  {become}; drafted for {found['owner']} at {found['as_of']:%Y-%m-%d %H:%MZ}"
    )
    for name, value in found["content"].items():
        for number, words in enumerate(value.splitlines()):
            typer.echo(f"  {'' if number else name:<14}{line(words, len(words))}")
    shown, more = found["findings"][:20], len(found["findings"]) - 20
    typer.echo(f"  {'findings':<14}{', '.join(shown)}{f' and {more:,} more' if more > 0 else ''}")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
