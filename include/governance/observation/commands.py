"""`governance observe` and `governance iam`: take a snapshot of AWS by hand, and what that needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from governance.observation.listings import Size
    from governance.observation.plan import PlannedCalls
    from governance.settings import Settings


def observe(
    shards: Annotated[int, typer.Option(min=1, help="Parts the accounts are cut into.")] = 4,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print the calls and the least time they take; ask AWS nothing.")
    ] = False,
    accounts: Annotated[
        int | None, typer.Option(min=1, help="With --plan: so many accounts, not those of the last snapshot.")
    ] = None,
    rules: Annotated[int | None, typer.Option(min=0, help="With --plan: so many Config rules.")] = None,
    evaluations: Annotated[int | None, typer.Option(min=0, help="With --plan: so many evaluations.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Observe AWS, five services, into one immutable snapshot, and say what is not known."""
    from governance.settings import Settings

    settings = Settings()
    if plan:
        _print_plan(settings, {"accounts": accounts, "rules": rules, "results": evaluations}, as_json)
    else:
        _take(settings, shards, as_json)


def iam(
    lake: Annotated[
        str | None, typer.Option(help="Lake on S3 (s3://bucket/prefix); default: that of the settings.")
    ] = None,
    role: Annotated[str, typer.Option("--role", help="Whose policy: hub, member or management.")] = "hub",
    act: Annotated[
        bool, typer.Option("--act", help="The other policy: of whoever runs `governance act --apply`.")
    ] = False,
) -> None:
    """Print the IAM policy of a role: just the operations that are called, as JSON.

    `hub` observes; `member` is the role that it assumes in accounts; `management` is what the organization's
    management account must allow where the hub is another account.
    """
    from governance import resources
    from governance.actuation import policy as acting
    from governance.actuation.permissions import actuation_policy
    from governance.errors import GovernanceError
    from governance.observation import permissions, rates
    from governance.settings import Settings

    settings = Settings()
    policies = resources.folder("policies", settings.config_dir)
    assumed = rates.read(policies).members.role
    printed = {
        "hub": lambda: permissions.hub_policy(
            lake or settings.lake_location, settings.config_deliveries, assumed
        ),
        "member": permissions.member_policy,
        "management": permissions.management_policy,
    }
    if role not in printed:
        raise GovernanceError(f"no role {role!r}: hub, member or management")
    told = actuation_policy(acting.read(policies)) if act else printed[role]()
    typer.echo(json.dumps(told, indent=2))


def _take(settings: Settings, shards: int, as_json: bool) -> None:
    from dataclasses import asdict

    from governance import resources
    from governance.observation import observe as flow
    from governance.observation import rates
    from governance.session import default_aws_session, open_register

    engine = open_register(settings)
    policy = rates.read(resources.folder("policies", settings.config_dir))
    observed = flow.observe(
        engine,
        default_aws_session(),
        now=settings.instant(),
        lake=settings.lake_location,
        shards=shards,
        approach=flow.Approach(
            pace=rates.Pace(policy, factor=settings.aws_pace),
            deliveries=settings.config_deliveries,
            policy=policy,
        ),
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


def _print_plan(settings: Settings, said: dict[str, int | None], as_json: bool) -> None:
    from governance import resources
    from governance.observation import plan, rates

    policy = rates.read(resources.folder("policies", settings.config_dir))
    size = plan.with_policy(_size(settings, said), policy, delivered=bool(settings.config_deliveries))
    rows = plan.planned(size, policy, settings.aws_pace)
    found = plan.summary(rows)
    if as_json:
        typer.echo(json.dumps({**found, "runs_per_day": policy.runs_per_day}))
        return
    _print_rows(rows)
    typer.echo(
        f"{found['calls']:,} calls ({found['calls_of_listings']:,} of listings), at least"
        f" {found['least_seconds']:,} s, for {size.accounts:,} accounts in {size.regions} regions,"
        f" {size.rules:,} rules and {size.results:,} evaluations"
    )
    typer.echo(
        f"a day, every {policy.every_hours} hours: {found['calls_per_day']:,} calls"
        f" ({found['calls_of_listings_per_day']:,} of listings); {len(policy.daily)} listings once a day"
    )


def _size(settings: Settings, said: dict[str, int | None]) -> Size:
    """Return the size to plan for: that of the last snapshot, but for what was said."""
    from dataclasses import replace

    from governance.errors import GovernanceError
    from governance.observation.listings import Size
    from governance.observation.plan import size_of_last_snapshot
    from governance.session import open_register

    given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    last = None if len(given) == len(said) else size_of_last_snapshot(open_register(settings))
    if last is None and "accounts" not in given:
        raise GovernanceError("nothing was observed yet: say how large the organization is with --accounts")
    return replace(last or Size(accounts=1), **given)


def _print_rows(rows: list[PlannedCalls]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("dataset", "operation")
    for title in ("calls", "per second", "at least s", "a day"):
        table.add_column(title, justify="right")
    for row in rows:
        calls = f"{row.calls:,}" if row.calls else "if needed"
        table.add_row(row.dataset, row.action, calls, f"{row.calls_per_second:g}", f"{row.seconds:,}",
                      f"{row.calls_per_day:,}")  # fmt: skip
    console = Console()
    (console if console.is_terminal else Console(width=120)).print(table)
