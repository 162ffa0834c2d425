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


def hub_policy(lake: str | None = None) -> dict[str, Any]:
    """Return the policy of the role that observes; with a lake on S3, of its prefix too."""
    services: dict[str, list[str]] = {}
    for action in sorted({*plan.actions(), *ALWAYS, *DOCTOR}):
        services.setdefault(action.partition(":")[0], []).append(action)
    statements = [
        {"Sid": f"Read{service.capitalize()}", "Effect": "Allow", "Action": actions, "Resource": "*"}
        for service, actions in services.items()
    ]
    if lake and lake.startswith("s3://"):
        statements.append(_lake_statement(lake))
    return {"Version": "2012-10-17", "Statement": statements}


def allowed(policy: dict[str, Any]) -> set[str]:
    """Return the actions that a policy allows."""
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def _lake_statement(lake: str) -> dict[str, Any]:
    bucket, _, prefix = lake.removeprefix("s3://").partition("/")
    objects = f"arn:aws:s3:::{bucket}/{prefix}/*" if prefix else f"arn:aws:s3:::{bucket}/*"
    return {
        "Sid": "Lake",
        "Effect": "Allow",
        "Action": list(READ_LAKE),
        "Resource": [f"arn:aws:s3:::{bucket}", objects],
    }
