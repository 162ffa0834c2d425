"""Control Tower as the scenario has it: landing zone, controls with carve-outs, baselines, drift."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from governance.sandbox.scenario.model import NOW
from governance.sandbox.scenario.organization import HOME, MANAGEMENT, ORGANIZATION, REGIONS, UNIT_ID
from governance.sandbox.world import Account

Row = dict[str, Any]

_UNITS = ("Security", "Infrastructure", "Sandbox", "Workloads", "Workloads/Prod", "Workloads/NonProd")
_CONTROLS = (
    "AWS-GR_ENCRYPTED_VOLUMES", "AWS-GR_RESTRICTED_SSH", "AWS-GR_S3_BUCKET_PUBLIC_READ_PROHIBITED",
    "AWS-GR_CLOUDTRAIL_ENABLED", "AWS-GR_CONFIG_ENABLED",
)  # fmt: skip
_DRIFT = {
    ("Sandbox", "AWS-GR_RESTRICTED_SSH"): "DRIFTED",
    ("Workloads/Prod", "AWS-GR_CONFIG_ENABLED"): "NOT_CHECKING",
    ("Infrastructure", "AWS-GR_CLOUDTRAIL_ENABLED"): "UNKNOWN",
}
EXEMPTED = "arn:aws:iam::*:role/network-automation"
AUDIT_READER = "arn:aws:iam::*:role/audit-reader"
EXTRA_REGION = "eu-west-3"
"""A region that the region deny control allows and the landing zone does not govern."""
_PARAMETERS = {
    ("Infrastructure", "AWS-GR_CLOUDTRAIL_ENABLED"): [
        {"key": "ExemptedPrincipalArns", "value": [AUDIT_READER]}
    ]
}
_DRIFTED_BASELINE = "100000000046"
"""An account that moved, and whose baseline did not follow."""


def landing_zone() -> Row:
    """Return the landing zone: four regions governed, logging and access kept apart."""
    return {
        "arn": _arn("landingzone", "2F9K4D7QW1LZ8M3X"),
        "version": "3.3",
        "latestAvailableVersion": "4.0",
        "status": "ACTIVE",
        "driftStatus": {"status": "IN_SYNC"},
        "manifest": {
            "governedRegions": list(REGIONS),
            "organizationStructure": {"security": {"name": "Security"}, "sandbox": {"name": "Sandbox"}},
            "centralizedLogging": {"accountId": "100000000002", "enabled": True},
            "securityRoles": {"accountId": "100000000003"},
            "accessManagement": {"enabled": True},
        },
    }


def controls(random: Random) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Return the enabled controls, and the operation that enabled each."""
    found = [_control(random, unit, name) for unit in _UNITS for name in _CONTROLS]
    found.append(_region_deny(random))
    operations = []
    for control in found:
        began = NOW - timedelta(days=random.randint(3, 85), minutes=random.randint(0, 900))
        operations.append(
            {
                "operationType": "UPDATE_ENABLED_CONTROL" if "parameters" in control else "ENABLE_CONTROL",
                "startTime": began,
                "endTime": began + timedelta(minutes=random.randint(2, 14)),
                "status": "SUCCEEDED",
                "operationIdentifier": control["statusSummary"]["lastOperationIdentifier"],
                "controlIdentifier": control["controlIdentifier"],
                "targetIdentifier": control["targetIdentifier"],
                "enabledControlIdentifier": control["arn"],
            }
        )
    return tuple(found), tuple(operations)


def _control(random: Random, unit: str, name: str) -> Row:
    drift = _DRIFT.get((unit, name), "IN_SYNC")
    parameters = _PARAMETERS.get((unit, name))
    return {
        **({"parameters": parameters} if parameters else {}),
        "arn": _arn("enabledcontrol", _letters(random)),
        "controlIdentifier": f"arn:aws:controltower:{HOME}::control/{name}",
        "targetIdentifier": _unit(unit),
        "statusSummary": {"status": "SUCCEEDED", "lastOperationIdentifier": identifier(random)},
        "driftStatusSummary": {"driftStatus": drift, "types": {"resource": {"status": drift}}},
        "targetRegions": [{"name": region} for region in REGIONS],
    }


def _region_deny(random: Random) -> Row:
    """The region deny control of the workloads, with what it lets pass.

    https://docs.aws.amazon.com/controltower/latest/controlreference/ou-region-deny.html (its parameters)
    """
    parameters = [
        {"key": "AllowedRegions", "value": [*REGIONS, EXTRA_REGION]},
        {"key": "ExemptedPrincipalArns", "value": [EXEMPTED]},
        {"key": "ExemptedActions", "value": ["bedrock:*"]},
    ]
    control = _control(random, "Workloads", "CT.MULTISERVICE.PV.1")
    return {**control, "parameters": parameters}


def zone_operations(random: Random) -> tuple[Row, ...]:
    """Return what was done to the landing zone; the first of it is longer ago than AWS tells."""
    story = (("CREATE", 600, "SUCCEEDED"), ("UPDATE", 70, "FAILED"), ("UPDATE", 69, "SUCCEEDED"))
    found = []
    for kind, days, status in story:
        began = NOW - timedelta(days=days)
        found.append({
            "operationType": kind, "operationIdentifier": identifier(random), "status": status,
            "startTime": began, "endTime": began + timedelta(minutes=40),
        })  # fmt: skip
    return tuple(found)


def baselines(random: Random, accounts: tuple[Account, ...]) -> tuple[Row, ...]:
    """Return the baseline of each unit, and what the active accounts below inherit of it."""
    found: list[Row] = []
    for unit in _UNITS:
        above = _baseline(random, _unit(unit), "IN_SYNC")
        found.append(above)
        for account in accounts:
            if account.parent_id == UNIT_ID[unit] and account.state == "ACTIVE":
                drift = "DRIFTED" if account.id == _DRIFTED_BASELINE else "IN_SYNC"
                target = f"arn:aws:organizations::{MANAGEMENT}:account/{ORGANIZATION}/{account.id}"
                found.append({**_baseline(random, target, drift), "parentIdentifier": above["arn"]})
    return tuple(found)


def _baseline(random: Random, target: str, drift: str) -> Row:
    """https://docs.aws.amazon.com/controltower/latest/userguide/types-of-baselines.html"""
    return {
        "arn": _arn("enabledbaseline", _letters(random)),
        "baselineIdentifier": f"arn:aws:controltower:{HOME}::baseline/17BSJV3IGJ2QSGA2",
        "baselineVersion": "4.0",
        "targetIdentifier": target,
        "statusSummary": {"status": "SUCCEEDED", "lastOperationIdentifier": identifier(random)},
        "driftStatusSummary": {"types": {"inheritance": {"status": drift}}},
    }


def identifier(random: Random) -> str:
    """Draw the identifier of an operation or an execution."""
    digits = f"{random.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _letters(random: Random) -> str:
    return "".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=16))


def _unit(path: str) -> str:
    return f"arn:aws:organizations::{MANAGEMENT}:ou/{ORGANIZATION}/{UNIT_ID[path]}"


def _arn(kind: str, name: str) -> str:
    return f"arn:aws:controltower:{HOME}:{MANAGEMENT}:{kind}/{name}"
