"""The permission of actuation, apart from that of observation: whoever has it was given it on purpose."""

from __future__ import annotations

from typing import Any

from governance.actuation.policy import ActuationPolicy

ACTIONS = (
    "config:DeleteRemediationExceptions",
    "config:DescribeRemediationExceptions",
    "config:PutRemediationExceptions",
)
"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsconfig.html: none of them names
resources."""


def actuation_policy(policy: ActuationPolicy) -> dict[str, Any]:
    """Return the IAM policy of whoever acts: in the account of the connection, and in members as their role.

    The role in the members needs the first statement only. The regions of `actuation.yaml` bound it, unless
    they are all. sts:GetCallerIdentity needs no permission.
    """
    regions = policy.remediation_exceptions.regions
    statement: dict[str, Any] = {
        "Sid": "ActOnRemediationExceptions", "Effect": "Allow", "Action": list(ACTIONS), "Resource": "*",
    }  # fmt: skip
    if "*" not in regions:
        statement["Condition"] = {"StringLike": {"aws:RequestedRegion": list(regions)}}
    statements = [statement]
    if policy.member_role:
        statements.append({
            "Sid": "EnterMembers", "Effect": "Allow", "Action": ["sts:AssumeRole"],
            "Resource": f"arn:aws:iam::*:role/{policy.member_role}",
        })  # fmt: skip
    return {"Version": "2012-10-17", "Statement": statements}
