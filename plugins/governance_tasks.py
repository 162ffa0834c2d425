"""What each task does: open the connections, call the library, return counts for the task's result.

Imported by tasks when they run, never while DAG files are parsed.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from governance import resources
from governance.errors import GovernanceError
from governance_airflow import aws_session, instant, lookup, register, settings


def run_intake(name: str, *, full: bool, origin: str, accepted: str = "") -> dict[str, Any]:
    """Pull, check and load one source; fail where its batch was held.

    `accepted` is why a person takes a batch whose volume or columns are unlike before.
    """
    from governance.intake.run import Intake
    from governance.intake.spec import find_spec

    found = find_spec(name, settings().config_dir)
    with register() as engine:
        intake = Intake(
            engine,
            instant(),
            settings().lake_location,
            lookup=lookup,
            aws=lambda connection: aws_session(connection.conn_id),
            origin=origin,
            full=full,
            policies=_policies(),
            accepted=accepted.strip(),
        )
        result = intake.run(found)
    if result.status in ("held", "failed"):
        raise GovernanceError(result.message)
    return asdict(result)


def run_escalation() -> dict[str, Any]:
    """Write to ledger and outbox what is due now."""
    from governance.escalation.escalate import escalate
    from governance.intake.spec import read_specs

    owners = {found.name: found.owner for found in read_specs(settings().config_dir)[0]}
    with register() as engine:
        done = escalate(
            engine, now=instant(), policies=_policies(), templates=_templates(), source_owners=owners
        )
    return asdict(done)


def send_outbox() -> dict[str, Any]:
    """Send the messages whose time has come."""
    from governance.escalation.delivery import send

    with register() as engine:
        done = send(engine, now=instant(), smtp=lookup("smtp_default"), policies=_policies())
    return asdict(done)


def observe_hub() -> str:
    """Open the snapshot of now and list what one call covers for all accounts; return its id."""
    from governance.observation import observe

    lake = settings().lake_location
    with register() as engine:
        snapshot_id = observe.start_snapshot(engine, now=instant(), lake=lake)
        observe.observe_hub(engine, aws_session(), snapshot_id, lake=lake, approach=_approach(1))
    return snapshot_id


def plan_observation(snapshot_id: str) -> list[dict[str, int]]:
    """Cut the accounts of the snapshot into shards."""
    from governance.observation import observe

    parts = settings().observation_shards
    with register() as engine:
        return observe.plan_shards(engine, snapshot_id, lake=settings().lake_location, shards=parts)


def observe_shard(snapshot_id: str, shard: dict[str, Any]) -> None:
    """Read the evaluations and tags of one shard."""
    from governance.observation import observe

    how = _approach(shard["of"])
    with register() as engine:
        observe.observe_config_shard(
            engine, aws_session(), snapshot_id, shard, lake=settings().lake_location, approach=how
        )


def plan_visits(snapshot_id: str) -> list[dict[str, int]]:
    """Cut the accounts to visit, each with its regions, into tours."""
    from governance.observation import observe

    members, parts = _approach(1).policy.members, settings().observation_shards
    with register() as engine:
        return observe.plan_tours(
            engine, snapshot_id, lake=settings().lake_location, policy=members, shards=parts
        )


def visit_members(snapshot_id: str, tour: dict[str, Any]) -> None:
    """Visit the accounts of one tour through the role that the hub assumes."""
    from governance.observation import observe

    how = _approach(tour["of"])
    with register() as engine:
        observe.observe_members(
            engine, aws_session(), snapshot_id, tour, lake=settings().lake_location, approach=how
        )


def finish_observation(snapshot_id: str) -> dict[str, Any]:
    """Close the snapshot and name in the log what it does not know; fail where it knows nothing."""
    from governance.observation import observe

    with register() as engine:
        done = observe.finish_snapshot(engine, snapshot_id, now=instant(), lake=settings().lake_location)
        for gap in observe.gaps(engine, snapshot_id):
            print(f"{gap['status']}: {gap['service']}/{gap['dataset']}: {gap['message']}")  # noqa: T201
    if done.status == "failed":
        raise GovernanceError(f"snapshot {snapshot_id} holds nothing: no listing was complete")
    return asdict(done)


def run_reconciliation() -> dict[str, Any]:
    """Write verdicts and findings for the latest finished snapshot."""
    from governance.reconciliation.reconcile import reconcile

    with register() as engine:
        done = reconcile(
            engine,
            now=instant(),
            lake=settings().lake_location,
            policies=_policies(),
            memory=settings().reconciliation_memory,
        )
    return {"snapshot_id": done.snapshot_id, "verdicts_written": done.verdicts_written, "turns": done.turns}


def run_actuation(actor: str) -> dict[str, Any]:
    """Make AWS agree with the register; skipped where the policy is off, failed where a resource failed."""
    from airflow.sdk.exceptions import AirflowSkipException

    from governance.actuation import policy
    from governance.actuation.flow import carry_out

    if not policy.read(_policies()).enabled:
        raise AirflowSkipException("actuation is off: policies/actuation.yaml")
    with register() as engine:
        plan, done = carry_out(engine, settings(), lambda: aws_session("aws_actuation"), actor=actor)
    for place, reason in plan.gaps:
        print(f"not known: {place}: {reason}")  # noqa: T201
    if done.failed:
        raise GovernanceError(f"{len(done.failed)} not done: " + "; ".join(done.failed[:10]))
    return asdict(done)


def build_pack(cadence: str) -> dict[str, Any]:
    """Write the review pack of now."""
    from governance.review.pack import build_pack as build

    with register() as engine:
        paths = build(
            engine,
            as_of=instant(),
            cadence=cadence,
            lake=settings().lake_location,
            policies=_policies(),
        )
    return {"html": str(paths.html)}


def verify_history() -> None:
    """Raise with everything in the history of requests and actions that does not add up."""
    from governance.register.history import broken

    with register() as engine, engine.connect() as connection:
        problems = broken(connection)
    if problems:
        words = "; ".join(problems)
        raise GovernanceError(f"the history was changed: {words}")


def store_ownership() -> None:
    """Write the ownership policy to the register."""
    from governance.register import ownership

    policy = ownership.read(_policies())
    with register() as engine, engine.begin() as connection:
        ownership.store(connection, policy)


def score_sources() -> dict[str, Any]:
    """Write the scorecard of every source as of now."""
    from governance.review.scorecards.page import write_latest

    with register() as engine:
        path = write_latest(engine, as_of=instant(), lake=settings().lake_location, policies=_policies())
    return {"html": path}


def _templates() -> Path:
    return resources.folder("templates", settings().config_dir)


def _approach(tasks: int) -> Any:
    """Return how AWS is asked where so many tasks share its rates."""
    from governance.observation import rates
    from governance.observation.approach import Approach

    policy = rates.read(_policies())
    return Approach(
        pace=rates.Pace(policy, tasks=tasks, factor=settings().aws_pace),
        deliveries=settings().config_deliveries,
        policy=policy,
    )


def _policies() -> Path:
    return resources.folder("policies", settings().config_dir)
