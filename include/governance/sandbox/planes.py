"""What the other services of the organization know: Systems Manager, Service Catalog, Control Tower.

Rows are written in the members of AWS's own shapes, so that what a test or a scenario says is what is served;
every answer is held against botocore's model on its way out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]
Place = tuple[str, str]
"""account, region"""
ByPlace = Mapping[Place, tuple[Row, ...]]


@dataclass(frozen=True)
class Calendar:
    """A change calendar that is open but for these intervals, each [from, until) in UTC."""

    name: str
    closed: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True)
class ServiceRecord:
    """A request of Service Catalog: `detail` is a RecordDetail, `user` the ARN of who made it."""

    detail: Row
    user: str
    outputs: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Portfolio:
    """`detail` is a PortfolioDetail. `shared_with` are accounts, `shared_units` units of the organization."""

    detail: Row
    shared_with: tuple[str, ...] = ()
    shared_units: tuple[str, ...] = ()
    constraints: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Delegation:
    """An account that administers services for the organization."""

    account: str
    services: tuple[str, ...]
    since: datetime


@dataclass(frozen=True)
class Pack:
    """A conformance pack: the names of its rules, wherever they are deployed.

    `excluded` are accounts that a pack of the organization leaves out.
    """

    name: str
    rules: tuple[str, ...]
    created_by: str | None = None
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True)
class MemberFailure:
    """Why an organization rule could not be put into an account."""

    rule: str
    account: str
    code: str
    message: str


@dataclass(frozen=True)
class Planes:
    """Everything beside Organizations and evaluations; what is left out is empty there.

    ops_items, automations, documents, compliance_summaries: OpsItem, AutomationExecutionMetadata,
    DocumentDescription, ComplianceSummaryItem.
    landing_zone, enabled_controls, enabled_baselines, landing_zone_operations, control_operations:
    LandingZoneDetail, EnabledControlDetails, EnabledBaselineDetails, and the details of operations.
    remediations, remediation_exceptions: RemediationConfiguration, RemediationException.
    organization_rules: OrganizationConfigRule.
    """

    ops_items: ByPlace = field(default_factory=dict)
    automations: ByPlace = field(default_factory=dict)
    documents: ByPlace = field(default_factory=dict)
    compliance_summaries: ByPlace = field(default_factory=dict)
    calendars: Mapping[Place, tuple[Calendar, ...]] = field(default_factory=dict)
    records: Mapping[Place, tuple[ServiceRecord, ...]] = field(default_factory=dict)
    provisioned_products: ByPlace = field(default_factory=dict)
    portfolios: Mapping[Place, tuple[Portfolio, ...]] = field(default_factory=dict)
    landing_zone: Row | None = None
    landing_zone_operations: tuple[Row, ...] = ()
    enabled_controls: tuple[Row, ...] = ()
    control_operations: tuple[Row, ...] = ()
    enabled_baselines: tuple[Row, ...] = ()
    remediations: ByPlace = field(default_factory=dict)
    remediation_exceptions: ByPlace = field(default_factory=dict)
    organization_rules: tuple[Row, ...] = ()
    member_failures: tuple[MemberFailure, ...] = ()
    packs: tuple[Pack, ...] = ()
    delegations: tuple[Delegation, ...] = ()
