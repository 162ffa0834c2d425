"""The other services of the organization, each drawn by a Random of its own; added after all else is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from governance.sandbox.planes import Delegation, Planes
from governance.sandbox.scenario import (
    carve_outs,
    catalog_records,
    guardrails,
    malformed,
    ops_items,
    organization,
    promises,
    runbook_runs,
)
from governance.sandbox.scenario.model import CATALOG, OPS_ITEMS, ExceptionEntry, Planted
from governance.sandbox.scenario.tickets import TicketDesk
from governance.sandbox.world import Policy, World

AT_HOME = (organization.MANAGEMENT, organization.HOME)
_SINCE = datetime(2024, 5, 2, 9, tzinfo=UTC)


def build(
    seed: int, world: World, entries: Sequence[ExceptionEntry], keys: dict[str, str]
) -> tuple[Planes, list[Planted]]:
    """Return what the other services know of a World, and the cases planted there."""
    random = Random(seed + 4)  # noqa: S311 (a story, not a secret)
    items, answers_items = ops_items.build(random, TicketDesk(random, world.accounts))
    records, products, answers_records = catalog_records.build(random, world.accounts)
    controls, control_operations = guardrails.controls(random)
    compliance = runbook_runs.compliance(random, world.accounts)
    places = [(one.id, region) for one in world.accounts if one.state == "ACTIVE" for region in world.regions]
    planes = Planes(
        ops_items={AT_HOME: tuple(items)},
        automations={AT_HOME: (*runbook_runs.executions(random, items), *promises.executions())},
        documents={AT_HOME: (*runbook_runs.documents(), *promises.documents())},
        calendars={AT_HOME: runbook_runs.calendars()},
        compliance_summaries={(account, world.home_region): rows for account, rows in compliance.items()},
        records={AT_HOME: records},
        provisioned_products={AT_HOME: (*products, *promises.products())},
        portfolios={AT_HOME: catalog_records.portfolios()},
        landing_zone=guardrails.landing_zone(),
        landing_zone_operations=guardrails.zone_operations(random),
        enabled_controls=controls, control_operations=control_operations,
        enabled_baselines=guardrails.baselines(random, world.accounts),
        remediations=carve_outs.remediations(places),
        remediation_exceptions=carve_outs.remediation_exceptions(world.evaluations, entries, keys),
        organization_rules=carve_outs.organization_rules(world.rules),
        member_failures=carve_outs.member_failures(), packs=carve_outs.packs(world.rules),
        delegations=(
            Delegation("100000000003", ("config.amazonaws.com", "securityhub.amazonaws.com"), _SINCE),
            Delegation("100000000011", ("servicecatalog.amazonaws.com",), _SINCE),
        ),
    )  # fmt: skip
    totals = [
        malformed.total(OPS_ITEMS, len(answers_items)),
        malformed.total(CATALOG, len(answers_records)),
    ]
    return planes, [*answers_items, *answers_records, *totals]


def policies() -> tuple[Policy, ...]:
    """Return policies of the other types: tags, backup, AI services, what EC2 may do at all."""
    root, workloads = organization.ROOT, organization.UNIT_ID["Workloads"]
    tags: dict[str, Any] = {"tags": {"cost-center": {"tag_key": {"@@assign": "CostCenter"}}}}
    backup: dict[str, Any] = {"plans": {"daily": {"regions": {"@@assign": list(organization.REGIONS)}}}}
    opt_out: dict[str, Any] = {"services": {"default": {"opt_out_policy": {"@@assign": "optOut"}}}}
    declared: dict[str, Any] = {"ec2_attributes": {"image_block_public_access": {"state": {
        "@@assign": "block_new_sharing"}}}}  # fmt: skip
    return (
        Policy("p-gov0tagsmd", "cost-center-tags", "TAG_POLICY", tags, (workloads,)),
        Policy("p-gov0backup", "daily-backup", "BACKUP_POLICY", backup, (workloads,)),
        Policy("p-gov0aioptout", "no-training", "AISERVICES_OPT_OUT_POLICY", opt_out, (root,)),
        Policy("p-gov0declar", "no-public-images", "DECLARATIVE_POLICY_EC2", declared, (root,)),
    )
