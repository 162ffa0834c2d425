"""`governance requests ...`: look requests up, and decide those that were submitted here."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.instants import read_instant

if TYPE_CHECKING:
    from sqlalchemy import Engine

requests_app = typer.Typer(
    help="Requests: submit, look up, decide; and the forms to ask with.", no_args_is_help=True
)

RequestId = Annotated[str, typer.Argument(help="Such as EXC-000123.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
By = Annotated[str, typer.Option(help="Mail address of whoever says so.", envvar="GOVERNANCE_USER")]
Reason = Annotated[str, typer.Option(help="Why; it is kept in the history.")]
_SHOWN = (
    "request_id", "kind", "status", "title", "description", "target_type", "target", "requester", "owner",
    "owner_rule", "assignee", "risk_level", "benefit", "risk", "risk_if_denied", "category", "scopes",
    "valid_from", "valid_until", "compensating_controls", "renewal_of", "window_start", "window_end",
    "runbook", "targets", "thing_type", "thing", "submitted_at", "due_at", "decided_at", "decided_by",
    "fulfilled_at", "closed_at", "source", "source_key", "source_url",
)  # fmt: skip


@requests_app.command("list")
def list_requests(
    kind: Annotated[str | None, typer.Option(help="addition, change or exception")] = None,
    status: Annotated[str | None, typer.Option(help="Only this status.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only those that this owner decides.")] = None,
    most: Annotated[int, typer.Option(min=1, help="So many at most, newest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List requests, newest first."""
    from governance.register import lookup
    from governance.register.request import KINDS, STATUSES

    _is_one_of("kind", kind, KINDS)
    _is_one_of("status", status, STATUSES)
    engine = _engine()
    with engine.connect() as connection:
        found = lookup.listing(connection, kind=kind, status=status, source=source, owner=owner, most=most)
    if as_json:
        typer.echo(json.dumps(found, indent=2, default=_plain, ensure_ascii=False))
        return
    for row in found:
        typer.echo(
            f"{row['request_id']}  {row['status']:<18} {row['owner'] or 'nobody'}  {_line(row['title'])}"
        )
    typer.echo(f"{len(found)} request{'' if len(found) == 1 else 's'}")


def _is_one_of(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    from governance.errors import GovernanceError

    if value is not None and value not in choices:
        raise GovernanceError(f"{name} {value!r}: expected one of {', '.join(choices)}")


@requests_app.command("show")
def show_request(
    request_id: RequestId,
    at: Annotated[
        str | None, typer.Option(help="As it was then: ISO 8601, UTC where no offset is named.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one request: state, owner and history, as of now or of an instant."""
    from governance.register import lookup
    from governance.settings import Settings

    instant = read_instant(at) if at else Settings().instant()
    with _engine().connect() as connection:
        found = lookup.find(connection, request_id, instant)
        steps = lookup.history(connection, found["request_number"], instant)
        files = lookup.evidence(connection, found["source"], found["source_key"], instant)
    state = {name: found[name] for name in _SHOWN if found[name] is not None}
    if as_json:
        typer.echo(
            json.dumps(
                {**state, "history": steps, "evidence": files}, indent=2, default=_plain, ensure_ascii=False
            )
        )
        return
    for name, value in state.items():
        typer.echo(f"{name:<22} {_line(value)}")
    typer.echo("history")
    for step in steps:
        reason = (step["decision"] or {}).get("reason", "")
        who = f" by {_line(step['actor'])}" if step["actor"] else ""
        words = f": {_line(reason)}" if reason else ""
        typer.echo(
            f"  {step['valid_at']:%Y-%m-%d %H:%M} UTC  {step['status']}{who} ({step['origin']}){words}"
        )
    for file in files:
        typer.echo(
            f"evidence  {_line(file['name'])}, {file['size']:,} bytes: {file['path']} (sha256 in its name)"
        )


@requests_app.command("withdraw")
def withdraw(request_id: RequestId, reason: Reason, by: By) -> None:
    """Withdraw a request that was submitted here."""
    _decide(request_id, "withdrawn", by, reason)


@requests_app.command("update")
def update(
    request_id: RequestId,
    status: Annotated[str, typer.Option(help="in_review, needs_information, in_progress, fulfilled, ...")],
    by: By,
    reason: Reason = "",
) -> None:
    """Move a request that was submitted here on to its next status."""
    _decide(request_id, status, by, reason)


@requests_app.command("decide")
def decide_request(
    request_id: RequestId,
    answer: Annotated[str, typer.Argument(help="approve or reject", show_default=False)],
    by: By,
    reason: Reason = "",
) -> None:
    """Approve or reject a request that was submitted here, as its owner or for them, and never one's own."""
    from governance.errors import GovernanceError

    _is_one_of("answer", answer, ("approve", "reject"))
    if answer == "reject" and not reason.strip():
        raise GovernanceError("a request is rejected for a reason: --reason says it")
    _decide(request_id, {"approve": "approved", "reject": "rejected"}[answer], by, reason)


def _decide(request_id: str, status: str, by: str, reason: str) -> None:
    from governance import resources
    from governance.register import exception_limits, ownership
    from governance.register.decisions import Decision, decide
    from governance.settings import Settings

    settings = Settings()
    policies = resources.folder("policies", settings.config_dir)
    decision, limits = Decision(status, by, reason.strip()), exception_limits.read(policies)
    owners = ownership.read(policies)
    engine = _engine()
    with engine.begin() as connection:
        decide(connection, request_id, decision, limits=limits, owners=owners, at=settings.instant())
    typer.echo(f"{request_id} is {status}")


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _line(value: Any) -> str:
    """Text of a request on one line, shown literally: no control character of it reaches the terminal."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else "␣" for character in text)


def _engine() -> Engine:
    from governance.session import open_register
    from governance.settings import Settings

    return open_register(Settings())
