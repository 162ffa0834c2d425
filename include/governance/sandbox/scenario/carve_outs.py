"""AWS Config beside its evaluations: remediation and who is excepted from it, organization rules, packs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from governance.sandbox.planes import MemberFailure, Pack, Place
from governance.sandbox.scenario import rules
from governance.sandbox.scenario.model import NOW, ExceptionEntry
from governance.sandbox.scenario.organization import HOME, MANAGEMENT, NOT_ACTIVE
from governance.sandbox.world import Rule

Row = dict[str, Any]

_REMEDIATED = {
    "s3-bucket-public-read-prohibited": "Governance-CloseBucket",
    "s3-bucket-public-write-prohibited": "Governance-CloseBucket",
    "ec2-imdsv2-check": "Governance-EnforceImdsV2",
    "restricted-ssh": "Governance-RevokeSsh",
}
_EXCLUDED = {"cloudtrail-enabled": ("100000000055", "100000000060"), "dynamodb-in-backup-plan": ()}
_FAILED = MemberFailure(
    "dynamodb-in-backup-plan", "100000000052", "NoAvailableConfigurationRecorder",
    "Configuration recorder is not available to put the config rule",
)  # fmt: skip
_BY_CONFIG = "Remediation failed: the exception was added by AWS Config"


def remediations(places: Iterable[Place]) -> dict[Place, tuple[Row, ...]]:
    """Return, for every place, the rules that are mended by a runbook."""
    rows = tuple(
        {"ConfigRuleName": rule, "TargetType": "SSM_DOCUMENT", "TargetId": document, "TargetVersion": "1",
         "Automatic": rule != "restricted-ssh", "MaximumAutomaticAttempts": 5, "RetryAttemptSeconds": 60}
        for rule, document in _REMEDIATED.items()
    )  # fmt: skip
    return dict.fromkeys(places, rows)


def remediation_exceptions(
    evaluations: pd.DataFrame, entries: Iterable[ExceptionEntry], keys: Mapping[str, str]
) -> dict[Place, tuple[Row, ...]]:
    """Return what is excepted from remediation: mostly what an exception stands behind.

    Of the resources that live exceptions name, every fifth has none, and every fifth one that ends a month
    later; two stand behind nothing, and one was written by AWS Config itself.
    """
    broken = evaluations.loc[evaluations["compliance"].eq("NON_COMPLIANT")]
    found: dict[Place, list[Row]] = {}
    number = 0
    for entry in entries:
        for scope in entry.scopes if entry.is_live else ():
            for row in _named(broken, scope):
                number += 1
                until = entry.valid_until + timedelta(days=30 if number % 5 == 3 else 0)
                if number % 5:
                    _except(found, row, keys[entry.label], until)
    first = broken.loc[broken["rule"].isin(list(_REMEDIATED))].sort_values(
        ["account", "region", "resource_id"]
    )
    loose: list[Row] = first.head(3).to_dict("records")  # type: ignore[assignment]
    for row, message in zip(loose, ("requested by phone", "", _BY_CONFIG), strict=True):
        _except(found, row, message, None)
    return {place: tuple(rows) for place, rows in found.items()}


def _named(broken: pd.DataFrame, scope: Mapping[str, Any]) -> list[Row]:
    """Evaluations of the resources that a scope names one by one."""
    names = [name for name in scope.get("resource", ()) if "*" not in name and "?" not in name]
    fits = broken["resource_id"].isin(names)
    for column in ("account", "region", "rule"):
        if scope.get(column):
            fits &= broken[column].isin([str(value) for value in scope[column]])
    chosen: list[Row] = broken.loc[fits & broken["rule"].isin(_MANAGED)].to_dict("records")  # type: ignore[assignment]
    return chosen


_MANAGED = frozenset(rule.name for rule in rules.rules() if rule.created_by is None)


def _except(found: dict[Place, list[Row]], row: Row, message: str, until: datetime | None) -> None:
    excepted: Row = {
        "ConfigRuleName": row["rule"], "ResourceType": row["resource_type"], "ResourceId": row["resource_id"],
    }  # fmt: skip
    if message:
        excepted["Message"] = message
    if until:
        excepted["ExpirationTime"] = until
    found.setdefault((row["account"], row["region"]), []).append(excepted)


def organization_rules(config_rules: Iterable[Rule]) -> tuple[Row, ...]:
    """Return the rules behind `OrgConfigRule-...`, one of them with excluded accounts."""
    return tuple(
        {
            "OrganizationConfigRuleName": name,
            "OrganizationConfigRuleArn": (
                f"arn:aws:config:{HOME}:{MANAGEMENT}:organization-config-rule/{name}-{rule.name[-8:]}"
            ),
            "OrganizationManagedRuleMetadata": {
                "RuleIdentifier": rule.source_identifier,
                "ResourceTypesScope": list(rule.resource_types),
            },
            "ExcludedAccounts": sorted({*_EXCLUDED[name], *NOT_ACTIVE}) if _EXCLUDED[name] else [],
            "LastUpdateTime": NOW - timedelta(days=120),
        }
        for rule in config_rules
        if rule.created_by == rules.ORGANIZATION_RULES
        for name in (rules.canonical_name(rule.name),)
    )


def member_failures() -> tuple[MemberFailure, ...]:
    """Return where an organization rule could not be put."""
    return (_FAILED,)


def packs(config_rules: Iterable[Rule]) -> tuple[Pack, ...]:
    """Return the one conformance pack."""
    names = tuple(rule.name for rule in config_rules if rule.created_by == rules.CONFORMANCE)
    return (Pack("audit-trail", names, "config-multiaccountsetup.amazonaws.com"),)
