"""Owners of many resources at once are those that the policy names for each of them alone."""

from __future__ import annotations

from random import Random
from types import SimpleNamespace

import pandas as pd
import pytest
from pydantic import ValidationError

from governance.reconciliation.owners import accountable
from governance.register.ownership import OwnershipPolicy, Subject

UNITS = {"111111111111": "Workloads/Prod", "222222222222": "Workloads", "333333333333": None}
TYPES = ("AWS::S3::Bucket", "AWS::EC2::VPC", "odd")
VALUES = {
    "path": (
        "account/*/s3/*",
        "account/111111111111/*",
        "account/*/ec2/a_%",
        "acc*",
        "ou/Workloads",
        "*dd/b",
    ),
    "account": ("111111111111", "2*", "*"),
    "control": ("rule-a", "rule-*"),
    "ou": ("Workloads", "Workloads/*"),
    "target_type": ("resource", "process"),
}


def policy(random: Random) -> OwnershipPolicy:
    """Draw a policy; one whose rules could tie is drawn anew."""
    while True:
        matches = [
            {
                name: random.choice(VALUES[name])
                for name in random.sample(sorted(VALUES), random.randint(1, 3))
            }
            for _ in range(4)
        ]
        rules = [
            {"name": f"r{n}", "match": match, "accountable": f"r{n}@example.com", "contact": "c@example.com",
             "manager": "m@example.com", "timezone": "UTC", "calendar": "DE", "review_date": "2027-01-01"}
            for n, match in enumerate([{}, *matches])
        ]  # fmt: skip
        try:
            return OwnershipPolicy.model_validate({"authority": rules[0], "owners": rules[1:]})
        except ValidationError:
            continue


@pytest.mark.parametrize("seed", range(40))
def test_all_at_once_is_each_alone(seed: int) -> None:
    random = Random(seed)
    owners = policy(random)
    rows = [
        (account, control, kind, name)
        for account in UNITS for control in ("rule-a", "rule-b", "c") for kind in TYPES for name in ("a_%", "b")
    ]  # fmt: skip
    items = pd.DataFrame(rows, columns=["account", "control", "resource_type", "resource_id"])
    found = accountable(items, SimpleNamespace(unit_path=UNITS.get), owners)  # type: ignore[arg-type]
    for (account, control, kind, name), one in zip(rows, found, strict=True):
        service = {"AWS::S3::Bucket": "s3", "AWS::EC2::VPC": "ec2"}.get(kind, kind)
        subject = Subject("resource", f"account/{account}/{service}/{name}", account, control, UNITS[account])
        assert one == owners.resolve(subject).accountable


def test_nothing_has_no_owner() -> None:
    nothing = pd.DataFrame(columns=["account", "control", "resource_type", "resource_id"], dtype="str")
    assert accountable(nothing, SimpleNamespace(unit_path=UNITS.get), policy(Random(0))).empty  # type: ignore[arg-type]
