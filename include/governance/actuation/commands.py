"""`governance act` and `governance actions`: make AWS agree with the register, and what was done so far."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from governance.actuation.act import Done
    from governance.actuation.plan import Plan

CONNECTION = "aws_actuation"
SHOWN = 10
"""Resources of one call that are printed; the rest is counted."""

AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def act(
    apply: Annotated[
        bool, typer.Option("--apply", help="Call AWS, where policies/actuation.yaml switches it on.")
    ] = False,
    by: Annotated[
        str, typer.Option(help="Mail address of whoever acts; kept in the history.", envvar="GOVERNANCE_USER")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Print what would be called so that AWS agrees with the register; with --apply, call it.

    Puts and deletes exceptions from remediation in AWS Config. Without --apply nothing is asked of AWS.
    """
    from governance.actuation.flow import carry_out, make_plan
    from governance.connections import from_environment
    from governance.errors import GovernanceError
    from governance.session import aws_session, open_register
    from governance.settings import Settings

    settings = Settings()
    engine = open_register(settings)
    if not apply:
        _print_plan(make_plan(engine, settings), as_json)
        return
    if "@" not in by:
        raise GovernanceError("say with --by (or GOVERNANCE_USER) who acts: a mail address")
    plan, done = carry_out(engine, settings, lambda: aws_session(from_environment(CONNECTION)), actor=by)
    _print_done(plan, done, as_json)
    if done.failed:
        raise typer.Exit(1)


def actions(
    request: Annotated[
        str | None, typer.Option(help="Only those for this request, such as EXC-000125.")
    ] = None,
    action: Annotated[str | None, typer.Option(help="Only this one, such as ACT-000007.")] = None,
    most: Annotated[int, typer.Option(min=1, help="So many events at most, newest first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List what was done to AWS from here: every intent and its outcome, newest first."""
    from governance.actuation.actions import listing
    from governance.session import open_register
    from governance.settings import Settings

    with open_register(Settings()).connect() as connection:
        found = listing(connection, request_id=request, action_id=action, most=most)
    if as_json:
        typer.echo(json.dumps(found, default=_plain, ensure_ascii=False, indent=2))
        return
    for one in found:
        typer.echo(
            f"{one['at']:%Y-%m-%d %H:%M}Z {one['action_id']} {one['phase']:<9} {one['operation']} "
            f"{one['account']} {one['region']} {one['rule']} {one['request_id'] or ''} by {one['actor']}"
            f"{_outcome(one['detail'])}"
        )
    typer.echo(f"{len(found)} event{'' if len(found) == 1 else 's'}")


def _outcome(detail: dict[str, Any]) -> str:
    if "arguments" in detail:
        return f": {len(detail['arguments']['ResourceKeys'])} resource(s)"
    if "done" in detail:
        return f": {len(detail['done'])} done, {len(detail['failed'])} failed"
    return f": {detail.get('words') or detail.get('error')}"


def _print_plan(plan: Plan, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_plain_plan(plan), default=_plain, ensure_ascii=False))
        return
    for call in plan.calls:
        until = f" until {call.ends:%Y-%m-%dT%H:%M:%SZ}" if call.ends else ""
        typer.echo(f"config:{call.operation} {call.account} {call.region} {call.rule}")
        typer.echo(f"  for {call.request_id}{until}, {len(call.keys)} resource(s)")
        for kind, name in call.keys[:SHOWN]:
            typer.echo(f"    {kind} {name}")
        if len(call.keys) > SHOWN:
            typer.echo(f"    and {len(call.keys) - SHOWN:,} more (--json lists all)")
    _print_rest(plan)
    typer.echo(f"{len(plan.calls)} call(s) would be made; snapshot {plan.snapshot_id}")


def _print_rest(plan: Plan) -> None:
    for reason, resources in plan.left.items():
        typer.echo(f"left alone: {resources:,} resource(s): {reason}")
    for place, reason in plan.gaps:
        typer.echo(f"not known: {place}: {reason}")


def _print_done(plan: Plan, done: Done, as_json: bool) -> None:
    if as_json:
        typer.echo(
            json.dumps({**_plain_plan(plan), "done": asdict(done)}, default=_plain, ensure_ascii=False)
        )
        return
    _print_rest(plan)
    for words in done.failed:
        typer.secho(f"failed: {words}", fg="red", err=True)
    typer.echo(
        f"{done.put:,} put, {done.deleted:,} deleted, {done.already:,} as wanted already, "
        f"{len(done.failed):,} failed, in {len(done.actions)} call(s)"
        + (f"; {done.settled} of earlier runs settled" if done.settled else "")
    )


def _plain_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON can hold it, every call with the arguments it would have."""
    calls = [
        {"action": f"config:{call.operation}", "account": call.account, "region": call.region,
         "request_id": call.request_id, "arguments": call.arguments("ACT-?")} for call in plan.calls
    ]  # fmt: skip
    return {
        "snapshot_id": plan.snapshot_id,
        "at": plan.at,
        "calls": calls,
        "left": plan.left,
        "gaps": plan.gaps,
    }


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
