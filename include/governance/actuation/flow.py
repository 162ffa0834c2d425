"""The whole of one run, for the command line and for Airflow: settings, plan, the right to act, calls."""

from __future__ import annotations

from collections.abc import Callable

import boto3
from sqlalchemy import Engine

from governance import resources
from governance.actuation import policy as policy_files
from governance.actuation.act import Done, apply, check, one_at_a_time, settle
from governance.actuation.actions import History
from governance.actuation.plan import Plan, plan
from governance.actuation.policy import ActuationPolicy
from governance.actuation.sessions import Clients
from governance.observation.calls import Calls
from governance.observation.rates import ObservationPolicy, Pace
from governance.settings import Settings


def make_plan(engine: Engine, settings: Settings) -> Plan:
    """Return what would be called now. Nothing is asked of AWS, nothing written."""
    folder = resources.folder("policies", settings.config_dir)
    with engine.connect() as connection:
        return plan(
            connection,
            policy_files.read(folder),
            now=settings.instant(),
            policies=folder,
            lake=settings.lake_location,
            memory=settings.reconciliation_memory,
        )


def carry_out(
    engine: Engine, settings: Settings, session: Callable[[], boto3.Session], *, actor: str
) -> tuple[Plan, Done]:
    """Settle what earlier runs left open, make a plan and carry it out; return both plan and outcome.

    `session` is asked for once the policy lets us act. Raises GovernanceError where it does not, or where
    another run is acting; SourceUnavailableError where AWS gives no answer.
    """
    policy = policy_files.read(resources.folder("policies", settings.config_dir))
    policy_files.require_enabled(policy)
    done = Done()
    with one_at_a_time(engine):
        history = History(engine, settings.instant(), actor)
        clients = Clients(session(), policy, Calls(pace=pace(policy, settings.aws_pace)))
        settle(history, clients, done)
        planned = make_plan(engine, settings)
        check(planned, policy)
        apply(engine, planned, history, clients, done)
    return planned, done


def pace(policy: ActuationPolicy, factor: float) -> Pace:
    """Return the pace at which calls may be made: that of the policy, times `factor`."""
    return Pace(ObservationPolicy(calls_per_second=policy.calls_per_second), factor=factor)
