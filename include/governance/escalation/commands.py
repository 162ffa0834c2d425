"""`governance escalate` and `governance outbox ...`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

outbox_app = typer.Typer(help="Messages: what waits, what was sent, what was refused.", no_args_is_help=True)


def escalate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compute, keep nothing, send nothing.")] = False,
    no_send: Annotated[bool, typer.Option("--no-send", help="Write the outbox, but do not send it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Tell everybody what is due: ledger and outbox first, then mail through the connection smtp_default."""
    from governance import resources
    from governance.connections import from_environment
    from governance.escalation.delivery import send
    from governance.escalation.escalate import escalate as run
    from governance.escalation.sources import source_owners
    from governance.session import open_register
    from governance.settings import Settings

    settings = Settings()
    policies = resources.folder("policies", settings.config_dir)
    engine, now = open_register(settings), settings.instant()
    decided = run(
        engine,
        now=now,
        policies=policies,
        templates=resources.folder("templates", settings.config_dir),
        source_owners=source_owners(resources.folder("sources", settings.config_dir)),
        dry_run=dry_run,
    )
    result: dict[str, Any] = {"as_of": now.isoformat(), "dry_run": dry_run, "decided": asdict(decided)}
    if not (dry_run or no_send):
        sent = send(engine, now=now, smtp=from_environment("smtp_default"), policies=policies)
        result["sent"] = asdict(sent)
    engine.dispose()
    typer.echo(json.dumps(result, indent=2) if as_json else _in_words(result))


def _in_words(result: dict[str, Any]) -> str:
    decided, sent = result["decided"], result.get("sent")
    rungs = ", ".join(f"{count} {rung}" for rung, count in decided["rungs"].items()) or "nothing due"
    lines = [f"{'would tell' if result['dry_run'] else 'told'}: {rungs}"]
    lines.append(
        ", ".join(
            f"{decided[name]} {name}"
            for name in ("digests", "overflow", "quarantine", "undelivered", "stopped", "drafts")
        )
    )
    if sent:
        lines.append(f"mail: {sent['sent']} sent, {sent['failed']} refused, {sent['pending']} waiting")
    return "\n".join(lines)


@outbox_app.command("list")
def list_messages(
    status: Annotated[str | None, typer.Option(help="Only pending, sent or failed.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List messages and how sending them went."""
    from governance.escalation.outbox import messages
    from governance.session import open_register
    from governance.settings import Settings

    with open_register(Settings()).connect() as connection:
        rows = messages(connection, status=status, limit=limit)
    if as_json:
        typer.echo(json.dumps(rows, indent=2, default=str))
        return
    for row in rows:
        typer.echo(_line(row))
    typer.echo(f"{len(rows)} message(s)")


def _line(row: dict[str, Any]) -> str:
    state = str(row["status"])
    if state == "pending":
        state += f" until {row['not_before']:%Y-%m-%d %H:%M}Z" if not row["last_error"] else ", tried"
    said = f" [{row['last_error']}]" if row["last_error"] else ""
    return f"{row['message']:>6}  {row['kind']:<10}  {state}  {row['recipient']}: {row['subject']}{said}"


@outbox_app.command("show")
def show(
    number: Annotated[int, typer.Argument(help="Number of the message, as `outbox list` shows it.")],
    html: Annotated[bool, typer.Option("--html", help="Print the HTML part instead of the text.")] = False,
) -> None:
    """Print one message as its recipient reads it."""
    from governance.errors import GovernanceError
    from governance.escalation.outbox import message
    from governance.session import open_register
    from governance.settings import Settings

    with open_register(Settings()).connect() as connection:
        found = message(connection, number)
    if found is None:
        raise GovernanceError(
            f"message {number} is not in the outbox: `governance outbox list` shows what is"
        )
    if html:
        typer.echo(found.body_html)
        return
    typer.echo(f"To: {found.recipient}\nSubject: {found.subject}\nMessage-ID: {found.message_id}\n")
    typer.echo(found.body_text)
