"""What AWS excepts in each plane, as rows of a small world; and a house in which it is judged."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from governance.observation.config_exceptions import ORGANIZATION_PACKS, ORGANIZATION_RULES
from governance.observation.control_tower import ENABLED_CONTROLS, LANDING_ZONE
from governance.observation.datasets import POLICIES, POLICY_TARGETS
from governance.observation.service_catalog import CONSTRAINTS
from governance.reconciliation.reconcile import Reconciled, reconcile
from reconciliation_worlds import NOW, World, policies, register_requests

Row = dict[str, Any]
PROD, PAY, DEV, SUSPENDED, CLOSED = (digit * 12 for digit in "12345")
GOVERNED = ["eu-central-1", "eu-west-1"]


def control(name: str, unit: str = "ou-t-prod", drift: str | None = "IN_SYNC", **parameters: Any) -> Row:
    """Return an enabled control with its parameters."""
    return {
        "arn": f"arn:aws:controltower:eu-central-1:{PROD}:enabledcontrol/{name}-{unit}",
        "control": f"arn:aws:controltower:eu-central-1::control/{name}",
        "target": f"arn:aws:organizations::{PROD}:ou/o-test/{unit}", "status": "SUCCEEDED", "drift": drift,
        "inheritance_drift": None, "resource_drift": None, "parameters": json.dumps(parameters),
        "regions": "[]", "parent": None,
    }  # fmt: skip


def policy(name: str, *statements: Row, kind: str = "SERVICE_CONTROL_POLICY") -> Row:
    """Return a policy with its content."""
    return {
        "policy": f"p-{name}", "name": name, "type": kind, "aws_managed": False, "content_sha256": "0" * 64,
        "description": None, "content": json.dumps({"Version": "2012-10-17", "Statement": list(statements)}),
    }  # fmt: skip


def deny(**more: Any) -> Row:
    """Return a statement that denies."""
    return {"Effect": "Deny", "Action": ["ec2:*"], "Resource": "*", **more}


def constraint(name: str, kind: str, product: str = "prod-1") -> Row:
    """Return a constraint of Service Catalog."""
    return {"constraint": name, "portfolio": "port-1", "of_product": product, "type": kind,
            "description": None, "owner": PROD}  # fmt: skip


def organization_rule(name: str, *excluded: str) -> Row:
    """Return an organization rule that leaves accounts out."""
    return {
        "rule": name, "arn": f"arn:aws:config:eu-central-1:{PROD}:organization-config-rule/{name}-a1b2c3d4",
        "source_identifier": None, "updated_at": NOW, "status": "CREATE_SUCCESSFUL", "error": None,
        "excluded_accounts": json.dumps(list(excluded)),
    }  # fmt: skip


@dataclass
class Planes:
    """What every plane holds; what is not named is there and empty."""

    controls: list[Row] = field(default_factory=list)
    policies: list[Row] = field(default_factory=list)
    targets: dict[str, list[str]] = field(default_factory=dict)  # of policies: by default the root
    constraints: list[Row] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)
    packs: list[Row] = field(default_factory=list)
    governed: list[str] | None = field(default_factory=lambda: list(GOVERNED))

    def world(self, **more: Any) -> World:
        """Return a world that holds this."""
        zone = {"arn": "zone", "version": "3.3", "latest_version": "3.3", "status": "ACTIVE",
                "drift": "IN_SYNC", "manifest": json.dumps({"governedRegions": self.governed})}  # fmt: skip
        found = World(**more)
        leave = policy("deny-leave-organization", deny(Action=["organizations:LeaveOrganization"]))
        all_policies = [leave, *self.policies]
        found.more = {
            ENABLED_CONTROLS: self.controls,
            LANDING_ZONE: [zone] if self.governed is not None else [],
            POLICIES: all_policies,
            POLICY_TARGETS: [
                {"policy": one["policy"], "target": target, "target_type": "ROOT"}
                for one in all_policies for target in self.targets.get(one["name"], ["r-test"])
            ],
            CONSTRAINTS: self.constraints,
            ORGANIZATION_RULES: self.rules,
            ORGANIZATION_PACKS: self.packs,
        }  # fmt: skip
        return found


class PlaneHouse:
    """A register, a lake, policies; snapshots are taken a day apart."""

    def __init__(self, register: Engine, folder: Path) -> None:
        self.register, self.lake, self.policies = register, folder / "lake", policies(folder / "policies")

    def add(self, *requests: Row) -> None:
        """Load requests into the register."""
        with self.register.begin() as connection:
            register_requests(connection, *requests)

    def day(self, number: int, world: World) -> Reconciled:
        """Take the snapshot of a day, and reconcile."""
        at = NOW + timedelta(days=number)
        world.as_of = at
        for row in world.evaluations:
            row["captured_at"] = at
        world.write(self.register, self.lake)
        return reconcile(self.register, now=at, policies=self.policies)

    def findings(self, status: str = "open") -> dict[str, str]:
        """Return what is let through (or the request, where that is missing) with the type of its finding."""
        query = """SELECT type, resource_id, r.source_key FROM finding LEFT JOIN request r USING (request_number)
                   WHERE family = 'live_exception' AND finding.status = :status"""
        with self.register.connect() as connection:
            return {
                row.resource_id or f"of {row.source_key}": row.type
                for row in connection.execute(text(query), {"status": status})
            }

    def verdicts(self, done: Reconciled) -> dict[str, str]:
        """Return the verdict by source key."""
        with self.register.connect() as connection:
            keys = dict(
                connection.execute(text("SELECT request_number, source_key FROM request")).tuples().all()
            )
        rows = zip(done.verdicts.request_number, done.verdicts.verdict, strict=True)
        return {keys[number]: verdict for number, verdict in rows}

    def flags(self, done: Reconciled) -> dict[str, tuple[str, ...]]:
        """Return the flags by source key, where there are any."""
        with self.register.connect() as connection:
            keys = dict(
                connection.execute(text("SELECT request_number, source_key FROM request")).tuples().all()
            )
        rows = zip(done.verdicts.request_number, done.verdicts["flags"], strict=True)
        return {keys[number]: names for number, names in rows if names}
