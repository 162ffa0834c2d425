"""`governance quarantine ...`: what was kept back, why, and what becomes of it."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

quarantine_app = typer.Typer(help="Records that were kept back, and why.", no_args_is_help=True)

Source = Annotated[str | None, typer.Option(help="Only this source.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
_STATUSES = ("open", "replayed", "discarded", "all")


@quarantine_app.command("list")
def list_items(
    source: Source = None,
    status: Annotated[str, typer.Option(help="open, replayed, discarded or all")] = "open",
    as_json: AsJson = False,
) -> None:
    """List records in quarantine, each with its reasons in words."""
    from governance.errors import GovernanceError
    from governance.quality.quarantine import listing

    if status not in _STATUSES:
        raise GovernanceError(f"status {status!r}: expected one of {', '.join(_STATUSES)}")
    with _engine().connect() as connection:
        items = listing(connection, source=source, status=None if status == "all" else status)  # type: ignore[arg-type]
    if as_json:
        typer.echo(json.dumps(items, indent=2, default=str, ensure_ascii=False))
        return
    for item in items:
        why = "; ".join(_in_words(reason) for reason in item["reasons"])
        state = "" if item["status"] == "open" else f" ({item['status']})"
        key = item["source_key"] or "no key"
        typer.echo(f"{item['item']:>6}  {item['source']}  {item['locator']}  {key}{state}: {why}")
    typer.echo(f"{len(items)} record{'' if len(items) == 1 else 's'}")


def _in_words(reason: dict[str, str]) -> str:
    return f"{reason['field']}: {reason['why']}" if "field" in reason else reason["why"]


@quarantine_app.command("show")
def show_item(
    item: Annotated[int, typer.Argument(help="Number, as `quarantine list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Show one item: each failed expectation in words, and the raw record beside the mapped one."""
    from governance.quality.quarantine import show
    from governance.quality.showing import print_item

    with _engine().connect() as connection:
        found = show(connection, item)
    if as_json:
        typer.echo(json.dumps(found, indent=2, default=str, ensure_ascii=False))
    else:
        print_item(found)


@quarantine_app.command("replay")
def replay_items(
    items: Annotated[
        list[int] | None, typer.Argument(help="Numbers; none: all open ones of --source.")
    ] = None,
    source: Source = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be loaded, and keep nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Map and check records again with the spec as it is now, and load those that pass.

    They keep their time of arrival. What still fails stays, with today's reasons.
    """
    from dataclasses import asdict

    from governance.intake.replay import rehearse, replay
    from governance.settings import Settings

    now, by = Settings().instant(), getpass.getuser()
    carry_out = rehearse if dry_run else replay
    results = carry_out(_engine(), items or [], source=source, now=now, by=by)
    if as_json:
        typer.echo(json.dumps([asdict(result) for result in results]))
        return
    for result in results:
        typer.echo(f"{result.source}: {result.message}")
    if not results:
        typer.echo("nothing to replay")


@quarantine_app.command("discard")
def discard_item(
    item: Annotated[int, typer.Argument(help="Number, as `quarantine list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why this is no request; it is kept with the record.")],
) -> None:
    """Decide that a record is no request. The record and the reason stay."""
    from governance.quality.quarantine import discard
    from governance.settings import Settings

    with _engine().begin() as connection:
        discard(connection, item, reason=reason, by=getpass.getuser(), at=Settings().instant())
    typer.echo(f"item {item} discarded")


def _engine() -> Engine:
    from governance.session import open_register
    from governance.settings import Settings

    return open_register(Settings())
