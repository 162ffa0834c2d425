"""`governance reconcile` and `governance findings`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from governance.errors import GovernanceError

findings_app = typer.Typer(help="What reconciliation and intake found.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def reconcile(
    snapshot: Annotated[
        str | None, typer.Option(help="Snapshot id; default: the newest finished one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge live requests and non-compliant items of a snapshot; open and resolve findings."""
    from governance.reconciliation import reconcile as flow
    from governance.resources import folder
    from governance.session import open_register
    from governance.settings import Settings

    settings = Settings()
    done = flow.reconcile(
        open_register(settings),
        now=settings.instant(),
        policies=folder("policies", settings.config_dir),
        snapshot_id=snapshot,
        memory=settings.reconciliation_memory,
    )
    if as_json:
        changes = {"verdicts_written": done.verdicts_written, "turns": done.turns}
        typer.echo(json.dumps({**done.summary, **changes}, ensure_ascii=False))
        return
    _print_summary(done.summary)
    typer.echo(f"{done.verdicts_written} verdict(s) written; findings: {_turns(done.turns)}")


def _turns(turns: dict[str, dict[str, int]]) -> str:
    told = [f"{count} {turn}" for family in turns.values() for turn, count in family.items() if count]
    return ", ".join(told) or "nothing changed"


def _print_summary(found: dict[str, Any]) -> None:
    typer.echo(
        f"snapshot {found['snapshot']['snapshot_id']}: {found['evaluations']:,} evaluations, "
        f"{found['non_compliant']:,} non-compliant: {found['covered']:,} covered, "
        f"{found['deviations']:,} deviations ({found['expired_deviations']:,} expired), "
        f"{found['unknown']:,} unknown"
    )
    for verdict, count in found["verdicts"].items():
        typer.echo(f"  {verdict:<26}{count:>7,}")
    for kind, alone in (("additions", "unrequested"), ("changes", "unapproved_change")):
        told = found[kind]
        typer.echo(
            f"{told['judged']:,} {kind} judged; {told[alone]:,} {alone.replace('_', ' ')} without a request"
        )
        for verdict, count in told["verdicts"].items():
            typer.echo(f"  {verdict:<26}{count:>7,}")


@findings_app.command("list")
def list_findings(
    status: Annotated[str, typer.Option(help="open, resolved or all.")] = "open",
    family: Annotated[
        str | None,
        typer.Option(
            help="exception, deviation, live_exception, addition, change, process, duplicate, 'source NAME'."
        ),
    ] = None,
    kind: Annotated[str | None, typer.Option("--type", help="For example ORPHANED_ACCOUNT.")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """List findings, the worst first."""
    wanted = {"status": None if status == "all" else status, "family": family, "type": kind, "limit": limit}
    rows = _query("findings", wanted)
    if as_json:
        typer.echo(json.dumps(rows, default=str, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(
            f"{row['finding_id']}  {row['severity']:<8}  {row['type']:<26}  {row['owner']}: {row['why']}"
        )


@findings_app.command("show")
def show_finding(finding_id: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    """Show one finding: why, its evidence, and every turn it took."""
    rows = _query("finding", {"finding_id": finding_id})
    if not rows:
        raise GovernanceError(f"finding {finding_id!r} is not known; `governance findings list` shows them")
    row = rows[0]
    if as_json:
        typer.echo(json.dumps(row, default=str, ensure_ascii=False))
        return
    typer.echo(f"{row['finding_id']}  {row['type']}  {row['severity']}  {row['status']}")
    typer.echo(row["why"])
    for name in ("request_id", "account", "region", "rule", "resource_type", "resource_id", "owner"):
        if row[name]:
            typer.echo(f"  {name:<14}{row[name]}")
    typer.echo(f"  {'evidence':<14}{json.dumps(row['evidence'], ensure_ascii=False)}")
    for turn in row["turns"] or []:
        typer.echo(f"  {turn['at']}  {turn['change']}: {turn['why']}")


def _query(question: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    from sqlalchemy import text

    from governance.resources import sql
    from governance.session import open_register
    from governance.settings import Settings

    with open_register(Settings()).connect() as connection:
        rows = connection.execute(text(sql(f"reconciliation/{question}.sql")), parameters)
        return [dict(row) for row in rows.mappings()]
