"""The least that observation must be allowed, as IAM policies read off the operations that it calls.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsconfig.html
"""

from __future__ import annotations

from typing import Any

from governance.observation import plan

ALWAYS = ("sts:GetCallerIdentity",)
"""What `governance doctor` asks beside the listings to know whom it is talking to."""
DOCTOR = ("organizations:DescribeOrganization",)

READ_LAKE = ("s3:GetObject", "s3:ListBucket", "s3:PutObject")


READ_DELIVERIES = ("s3:GetObject", "s3:ListBucket")
VISIT = "sts:AssumeRole"


def hub_policy(lake: str | None = None, deliveries: str = "", member_role: str = "") -> dict[str, Any]:
    """Return the policy of the role that observes.

    `lake` and `deliveries` add their prefixes where they are on S3, `member_role` the right to assume the
    role of that name in accounts.
    """
    statements = _reading({*plan.actions(), *ALWAYS, *DOCTOR})
    if member_role:
        role = f"arn:aws:iam::*:role/{member_role}"
        statements.append({"Sid": "Visit", "Effect": "Allow", "Action": [VISIT], "Resource": role})
    if deliveries.startswith("s3://"):
        statements.append(_bucket_statement("Deliveries", deliveries, READ_DELIVERIES))
    if lake and lake.startswith("s3://"):
        statements.append(_bucket_statement("Lake", lake, READ_LAKE))
    return _policy(statements)


def member_policy() -> dict[str, Any]:
    """Return the policy of the role that is assumed in member accounts."""
    return _policy(_reading(set(plan.member_actions())))


def management_policy() -> dict[str, Any]:
    """Return what of the hub's policy concerns Organizations: all that the management account must allow.

    Where the hub is a delegated administrator, this is for the organization's resource policy; tags of the
    organization are told in the management account alone.
    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies.html
    """
    needed = {*plan.actions(), *DOCTOR}
    return _policy(_reading({one for one in needed if one.startswith(("organizations:", "tag:"))}))


def allowed(policy: dict[str, Any]) -> set[str]:
    """Return the actions that a policy allows."""
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def _policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _reading(actions: set[str]) -> list[dict[str, Any]]:
    services: dict[str, list[str]] = {}
    for action in sorted(actions):
        services.setdefault(action.partition(":")[0], []).append(action)
    return [
        {"Sid": f"Read{service.capitalize()}", "Effect": "Allow", "Action": actions, "Resource": "*"}
        for service, actions in services.items()
    ]


def _bucket_statement(sid: str, location: str, actions: tuple[str, ...]) -> dict[str, Any]:
    bucket, _, prefix = location.removeprefix("s3://").rstrip("/").partition("/")
    objects = f"arn:aws:s3:::{bucket}/{prefix}/*" if prefix else f"arn:aws:s3:::{bucket}/*"
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": [f"arn:aws:s3:::{bucket}", objects],
    }
