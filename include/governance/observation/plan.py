"""What a snapshot will cost before anything is asked: calls per operation, and the least time they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

from sqlalchemy import Engine, text

from governance import resources
from governance.errors import GovernanceError
from governance.observation import (
    aggregated,
    config,
    config_exceptions,
    control_tower,
    delivery,
    members,
    organizations,
    service_catalog,
    systems_manager,
)
from governance.observation.calls import iam_prefix
from governance.observation.listings import Listing, Size
from governance.observation.rates import ObservationPolicy

LISTINGS: tuple[Listing, ...] = (
    *organizations.LISTINGS,
    *config.LISTINGS,
    *config_exceptions.LISTINGS,
    *control_tower.LISTINGS,
    *service_catalog.LISTINGS,
    *systems_manager.LISTINGS,
)
"""Every listing of the hub, in the order in which they are collected."""

MEMBERS = "members"
"""How the plan names what member accounts are asked."""
NO_LISTINGS = frozenset({"evaluations", "tag_sets", "deliveries", MEMBERS})
"""Rows of the plan that grow with resources or with places, not with the organization's own lists."""


@dataclass(frozen=True)
class PlannedCalls:
    """Calls of one operation for one dataset. `seconds` is the least they take at the operation's rate.

    `calls` are those of a run that asks for everything, `calls_per_day` those of all runs of a day.
    """

    dataset: str
    action: str
    calls: int
    calls_per_second: float
    seconds: float
    calls_per_day: int


def planned(size: Size, policy: ObservationPolicy, factor: float = 1.0) -> list[PlannedCalls]:
    """Return the plan for an organization of a size; operations that are only a fallback have 0 calls."""
    once, runs = {name.partition("/")[2] for name in daily_listings(policy)}, policy.runs_per_day
    return [
        PlannedCalls(
            dataset, action, calls, rate, round(calls / (rate * factor), 1) if factor else 0.0,
            calls * (1 if dataset in once else runs),
        )
        for dataset, action, calls in _operations(size)
        for rate in (policy.rate(action),)
    ]  # fmt: skip


def daily_listings(policy: ObservationPolicy) -> frozenset[str]:
    """Return the listings that are taken once a day; raises GovernanceError for one that does not exist."""
    known = {listing.name for listing in LISTINGS}
    wrong = sorted(set(policy.daily) - known)
    if wrong:
        raise GovernanceError(
            f"observation.yaml, daily: {wrong[0]!r} is no listing of the hub; those are"
            f" {', '.join(sorted(known))}"
        )
    return frozenset(policy.daily)


def least_seconds(plan: list[PlannedCalls]) -> float:
    """Return the least time of a plan: operations are paced apart, one after the other in the hub."""
    return round(sum(row.seconds for row in plan), 1)


def _operations(size: Size) -> Iterator[tuple[str, str, int]]:
    for listing in LISTINGS:
        prefix = iam_prefix(listing.service)
        for operation, calls in listing.calls(size).items():
            yield listing.dataset.name, f"{prefix}:{operation}", calls
    for dataset, operations in aggregated.calls(size).items():
        for operation, calls in operations.items():
            yield dataset, f"config:{operation}", calls
    for operation, calls in delivery.calls(size).items():
        yield "deliveries", f"s3:{operation}", calls
    for action, calls in members.calls(size).items():
        yield MEMBERS, action, calls


def size_of_last_snapshot(engine: Engine) -> Size | None:
    """Return how large the organization was when it was last observed, None where it never was."""
    with engine.connect() as connection:
        row = connection.execute(text(resources.sql("observation/size.sql"))).mappings().one_or_none()
    return Size(**row) if row and row["accounts"] else None


def actions() -> list[str]:
    """Return every IAM action that a snapshot needs in the hub, those on the delivery bucket aside."""
    return sorted({
        action for dataset, action, _ in _operations(Size(accounts=1))
        if dataset not in (MEMBERS, "deliveries")
    })  # fmt: skip


def member_actions() -> list[str]:
    """Return every IAM action that a snapshot needs in a member account."""
    return sorted(action for action in members.calls(Size(accounts=1)) if not action.startswith("sts:"))


def with_policy(size: Size, policy: ObservationPolicy, *, delivered: bool) -> Size:
    """Return the size with what the policy adds: places whose delivery is read, places that are visited.

    How many places are not well is not known ahead: one in a hundred is counted.
    """
    places = size.accounts * size.regions
    told = policy.members
    health = {"none": 0, "unhealthy": -(-places // UNHEALTHY_IN), "all": places}[told.recorders]
    named = sum(size.accounts if pattern == "*" else 1 for pattern in told.remediations)
    return replace(
        size,
        deliveries=places if delivered else 0,
        visits=health if told.role else 0,
        remediation_visits=min(size.accounts, named) * size.regions if told.role else 0,
    )


UNHEALTHY_IN = 100


def summary(plan: list[PlannedCalls]) -> dict[str, object]:
    """Return the plan as JSON can hold it: its rows, calls by service, of a run, of a day, least seconds."""
    by_service: Counter[str] = Counter()
    for row in plan:
        by_service[row.action.partition(":")[0]] += row.calls
    listings = [row for row in plan if row.dataset not in NO_LISTINGS]
    return {
        "operations": [asdict(row) for row in plan],
        "calls_by_service": dict(by_service),
        "calls_of_listings": sum(row.calls for row in listings),
        "calls": sum(by_service.values()),
        "calls_of_listings_per_day": sum(row.calls_per_day for row in listings),
        "calls_per_day": sum(row.calls_per_day for row in plan),
        "least_seconds": least_seconds(plan),
    }
