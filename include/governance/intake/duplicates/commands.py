"""`governance duplicates ...`: requests that seem to ask for the same, and what a person decides."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

duplicates_app = typer.Typer(
    help="Requests that came from two sources: linked, never merged.", no_args_is_help=True
)

Link = Annotated[int, typer.Argument(help="Number, as `duplicates list` shows it.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the link.")]
_STATUSES = ("suggested", "confirmed", "unlinked", "all")


@duplicates_app.command("list")
def list_links(
    status: Annotated[str, typer.Option(help="suggested, confirmed, unlinked or all")] = "suggested",
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List linked requests: both sides, and the evidence."""
    from governance.errors import GovernanceError
    from governance.intake.duplicates.links import listing

    if status not in _STATUSES:
        raise GovernanceError(f"status {status!r}: expected one of {', '.join(_STATUSES)}")
    with _engine().connect() as connection:
        links = listing(connection, status=None if status == "all" else status)
    if as_json:
        typer.echo(json.dumps(links, indent=2, default=str, ensure_ascii=False))
        return
    for link in links:
        typer.echo("\n".join(_lines(link)))
    typer.echo(f"{len(links)} link{'' if len(links) == 1 else 's'}")


def _lines(link: dict[str, Any]) -> list[str]:
    state = f"{link['status']}: {link['reason']}" if link["reason"] else link["status"]
    return [
        f"{link['link']:>6}  {link['evidence']} ({state})",
        f"        {_side(link, '')}",
        f"     of {_side(link, 'of_')}",
    ]


def _side(link: dict[str, Any], which: str) -> str:
    name = f"{link[which + 'request_id']}  {link[which + 'source']} {link[which + 'source_key']}"
    return f"{name}  {link[which + 'request_status']}  {link[which + 'title']}"


@duplicates_app.command("confirm")
def confirm(link: Link, reason: Reason) -> None:
    """Confirm that two requests are the same. Both stay; close one of them at its source."""
    _decide(link, "confirmed", reason)


@duplicates_app.command("unlink")
def unlink(link: Link, reason: Reason) -> None:
    """Say that two requests are not the same. They are not linked again."""
    _decide(link, "unlinked", reason)


@duplicates_app.command("link")
def link_two(
    later: Annotated[str, typer.Argument(help="The duplicate, e.g. CHG-000012.")],
    earlier: Annotated[str, typer.Argument(help="The request it repeats.")],
    reason: Reason,
) -> None:
    """Link two requests that nobody but you saw to be the same."""
    from governance.intake.duplicates.links import link_by_hand
    from governance.settings import Settings

    with _engine().begin() as connection:
        link_by_hand(connection, later, earlier, reason=reason, by=getpass.getuser(), at=Settings().instant())
    typer.echo(f"{later} is a duplicate of {earlier}")


def _decide(link: int, decision: Literal["confirmed", "unlinked"], reason: str) -> None:
    from governance.intake.duplicates.links import decide
    from governance.settings import Settings

    with _engine().begin() as connection:
        decide(connection, link, decision, reason=reason, by=getpass.getuser(), at=Settings().instant())
    typer.echo(f"link {link} {decision}")


def _engine() -> Engine:
    from governance.session import open_register
    from governance.settings import Settings

    return open_register(Settings())
