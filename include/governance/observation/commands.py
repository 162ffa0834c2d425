"""`governance observe`: take a snapshot of AWS by hand."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def observe(
    shards: Annotated[int, typer.Option(help="Parts the accounts are cut into.")] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Observe AWS (Organizations, Config) into one immutable snapshot, and say what is not known."""
    from dataclasses import asdict

    from governance.observation import observe as flow
    from governance.session import default_aws_session, open_register
    from governance.settings import Settings

    settings = Settings()
    engine = open_register(settings)
    observed = flow.observe(
        engine,
        default_aws_session(),
        now=settings.instant(),
        lake=settings.lake_location,
        shards=shards,
    )
    missing = flow.gaps(engine, observed.snapshot_id)
    if as_json:
        typer.echo(json.dumps({**asdict(observed), "missing": missing}, default=str))
        return
    typer.echo(
        f"snapshot {observed.snapshot_id}: {observed.status}, {observed.rows:,} rows "
        f"in {observed.calls:,} calls ({observed.throttles:,} throttled), {observed.seconds:.1f} s"
    )
    for gap in missing:
        typer.echo(
            f"  {gap['status']}: {gap['service']}/{gap['dataset']} in {gap['places']} place(s), first "
            f"{gap['first_account']} {gap['first_region']}: {gap['message']}"
        )
