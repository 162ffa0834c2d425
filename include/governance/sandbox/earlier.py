"""What was observed a while before the demo's present: `python -m governance.sandbox.earlier`.

Serves the organization as it was then, observes it and reconciles, as the DAGs do for the present; run once
everything was pulled, because the verdicts of then need the requests. The role could read Organizations and
AWS Config then, no more: the manifest says so of the other services. A second run finds it done.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from sqlalchemy import text

from governance import resources
from governance.observation import rates
from governance.observation.approach import Approach
from governance.observation.observe import observe
from governance.reconciliation.reconcile import reconcile
from governance.sandbox.aws.server import serve
from governance.sandbox.scenario import build, growth
from governance.sandbox.stand_ins import KEY, SECRET
from governance.session import open_register
from governance.settings import Settings

NOT_ALLOWED_YET = ("controltower:*", "servicecatalog:*", "ssm:*")


def main() -> int:
    """Observe and reconcile at `growth.THEN`."""
    settings = Settings()
    policies = resources.folder("policies", settings.config_dir)
    register = open_register(settings)
    with register.connect() as connection:
        done = text("SELECT EXISTS (SELECT FROM reconciliation_run WHERE as_of = :then)")
        if connection.scalar(done, {"then": growth.THEN}):
            return 0
    world = growth.before(build().world)
    with serve(world) as aws, _asked_for_aws(aws.url):
        for action in NOT_ALLOWED_YET:
            aws.faults.deny(action)
        policy = rates.read(policies)
        how = Approach(pace=rates.Pace(policy, factor=settings.aws_pace), policy=policy)
        session = boto3.Session(KEY, SECRET, region_name=world.home_region)
        observe(register, session, now=growth.THEN, lake=settings.lake_location, shards=1, approach=how)
    reconcile(
        register,
        now=growth.THEN,
        policies=policies,
        lake=settings.lake_location,
        memory=settings.reconciliation_memory,
    )
    return 0


@contextmanager
def _asked_for_aws(url: str) -> Iterator[None]:
    before = os.environ.get("AWS_ENDPOINT_URL")
    os.environ["AWS_ENDPOINT_URL"] = url
    try:
        yield
    finally:
        os.environ.pop("AWS_ENDPOINT_URL")
        if before is not None:
            os.environ["AWS_ENDPOINT_URL"] = before


if __name__ == "__main__":
    raise SystemExit(main())
