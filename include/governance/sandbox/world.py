"""The AWS organization a stand-in serves: plain data, made by a scenario or by a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import pandas as pd

from governance.sandbox.planes import Planes

PolicyType = Literal[
    "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY", "TAG_POLICY", "BACKUP_POLICY",
    "AISERVICES_OPT_OUT_POLICY", "CHATBOT_POLICY", "DECLARATIVE_POLICY_EC2", "SECURITYHUB_POLICY",
    "INSPECTOR_POLICY", "UPGRADE_ROLLOUT_POLICY", "BEDROCK_POLICY", "S3_POLICY",
    "NETWORK_SECURITY_DIRECTOR_POLICY",
]  # fmt: skip
Tags = Mapping[str, str]
Resource = tuple[str, str, str, str]
"""account, region, resource type, resource id"""
State = Literal["PENDING_ACTIVATION", "ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"]

EVALUATION_COLUMNS = (
    "account", "region", "rule", "resource_type", "resource_id",
    "compliance", "annotation", "recorded_at",
)  # fmt: skip
"""One row per evaluation. `compliance` is COMPLIANT or NON_COMPLIANT; `recorded_at` is
datetime64[us, UTC]."""

RULE_STATUS_COLUMNS = (
    "account", "region", "rule", "last_evaluated_at", "last_failed_at", "first_activated_at", "error",
)  # fmt: skip
"""One row per account, region and rule. NaT `last_evaluated_at`: never evaluated successfully."""

RECORDER_COLUMNS = ("account", "region", "recording", "last_status", "last_status_change_at")
"""One row per account and region that has a configuration recorder; `recording` is bool."""


@dataclass(frozen=True)
class Unit:
    """An organizational unit; `path` holds names below the root: 'Workloads/Prod'."""

    id: str
    name: str
    parent_id: str
    path: str
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True)
class Account:
    """A member account and the OU (or root) it is in."""

    id: str
    name: str
    email: str
    state: State
    parent_id: str
    joined_at: datetime
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    """A policy of the organization and the ids it is attached to."""

    id: str
    name: str
    type: PolicyType
    content: dict[str, Any]
    targets: tuple[str, ...]
    description: str = ""
    aws_managed: bool = False
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A Config rule as deployed in every account and region where it has a status row.

    `created_by` is the service principal of a service-linked rule, else None.
    """

    name: str
    owner: Literal["AWS", "CUSTOM_LAMBDA"]
    source_identifier: str
    resource_types: tuple[str, ...]
    created_by: str | None = None
    description: str = ""


@dataclass(frozen=True)
class World:
    """Everything the AWS stand-in knows. Frames hold the columns named above.

    `tags` are those of resources that have any; every resource that is evaluated is recorded, but for
    accounts.
    """

    organization_id: str
    root_id: str
    management_account: str
    home_region: str
    aggregator: str
    regions: tuple[str, ...]
    units: tuple[Unit, ...]
    accounts: tuple[Account, ...]
    policies: tuple[Policy, ...]
    rules: tuple[Rule, ...]
    evaluations: pd.DataFrame
    rule_status: pd.DataFrame
    recorders: pd.DataFrame
    now: datetime
    planes: Planes = field(default_factory=Planes)
    tags: Mapping[Resource, Tags] = field(default_factory=dict)

    @property
    def delivered_at(self) -> datetime:
        """Two hours ago."""
        return self.now - timedelta(hours=2)

    def path_of(self, account: Account) -> str:
        """`o-xxx/r-xxx/ou-aaa/ou-bbb/account/`, as Organizations writes it in `Paths`."""
        parents = {unit.id: unit.parent_id for unit in self.units}
        chain, node = [], account.parent_id
        while node != self.root_id:
            chain.append(node)
            node = parents[node]
        return "/".join([self.organization_id, self.root_id, *reversed(chain), account.id]) + "/"
