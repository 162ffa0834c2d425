"""What the security office approved outside AWS Config, what AWS lets through, and where both differ.

Kept in a file of its own, `guardrails.yaml`; nothing that was told before changes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from governance.sandbox.planes import Planes
from governance.sandbox.scenario import people, registers
from governance.sandbox.scenario.exceptions import midnight
from governance.sandbox.scenario.guardrails import AUDIT_READER, EXEMPTED, EXTRA_REGION
from governance.sandbox.scenario.model import NOW, YAML, ExceptionEntry, Planted
from governance.sandbox.scenario.organization import HOME, MANAGEMENT
from governance.sandbox.world import World

Row = dict[str, Any]
_FIRST = 901
"""Number of the first of them in the register."""
_DENY, _POLICY, _RULE = "CT.MULTISERVICE.PV.1", "deny-unapproved-regions", "cloudtrail-enabled"
_FLOWS, _KEYS = "vpc-flow-logs-enabled", "cmk-backing-key-rotation-enabled"
_BY_CONFIG = "Remediation failed: the exception was added by AWS Config"
_LEFT, _UNBACKED, _CREATED = (
    "s3-bucket-public-read-prohibited", "UNBACKED_REMEDIATION_EXCEPTION", "SERVICE_CREATED"
)  # fmt: skip
_LEFT_BEHIND = tuple(
    (f"gov0-management-{name}-{HOME}", message, finding)
    for name, message, finding in (
        ("documents", "by phone", _UNBACKED), ("exports", "until we are done", _UNBACKED),
        ("events", _BY_CONFIG, _CREATED), ("metrics", _BY_CONFIG, _CREATED),
        ("media", "for the press office", "EXPIRY_MISMATCH"),
    )
)  # fmt: skip
"""Buckets that comply by now, the messages of their exceptions from remediation, and what these are."""


@dataclass(frozen=True)
class _Case:
    """One request with its right verdict and flags; `days` around today."""

    label: str
    title: str
    target: str
    scope: Row
    verdict: str | None
    why: str
    flags: tuple[str, ...] = ()
    days: tuple[int, int] = (-60, 120)


def build(world: World, planes: Planes) -> tuple[Planes, dict[str, str], list[Planted]]:
    """Return the planes with remediation in the management account, the file by name, and what is planted."""
    held, remediated = _remediation(world)
    place = (MANAGEMENT, HOME)
    planes = replace(
        planes,
        remediations={**planes.remediations, place: (*planes.remediations[place], *remediated)},
        remediation_exceptions={**planes.remediation_exceptions, place: (
            *planes.remediation_exceptions.get(place, ()), *held)},
    )  # fmt: skip
    cases = [*_GUARDED, *_mended(world)]
    planted = [*_found(planes), *_found_in_config(world)]
    records = []
    for number, case in enumerate(cases, start=_FIRST):
        key = f"EXR-{number}"
        records.append(registers.record_of(key, _entry(case), {}))
        planted += [
            Planted(f"{case.label}{f'-{flag}' if flag else ''}", case.title, "verdict", case.why, YAML, key,
                    verdict=case.verdict, flag=flag)
            for flag in case.flags or (None,) if case.verdict
        ]  # fmt: skip
    return planes, {"guardrails.yaml": registers.text_of(records)}, planted


def _control(unit: str, name: str = _DENY, **more: Any) -> Row:
    return {"control": [name], "ou": [unit], **more}


def _policy(**more: Any) -> Row:
    return {"policy": [_POLICY], **more}


_WORKLOADS = "ou/Workloads"
_GUARDED = (
    _Case("control-present", "Network automation outside the four regions", _WORKLOADS,
          _control("Workloads", principal=[EXEMPTED]), "PRESENT", "the control exempts just this role"),
    _Case("control-different", "One action of Bedrock in every region", _WORKLOADS,
          _control("Workloads", action=["bedrock:InvokeModel"]), "DIFFERENT",
          "the control exempts all of bedrock, approved is one action"),
    _Case("control-missing", "Backups of the workloads to another region", _WORKLOADS,
          _control("Workloads", principal=["arn:aws:iam::*:role/backup-operator"]), "MISSING",
          "approved, and the control exempts nobody of that name"),
    _Case("control-unknown", "Audit reads the trail", "ou/Infrastructure",
          _control("Infrastructure", "AWS-GR_CLOUDTRAIL_ENABLED", principal=[AUDIT_READER]), "UNKNOWN",
          "the drift of the control is UNKNOWN: what is in force nobody can tell"),
    _Case("control-retired", "Old instances of the build farm", "ou/Infrastructure",
          _control("Infrastructure", "AWS-GR_EBS_OPTIMIZED_INSTANCE", principal=["arn:aws:iam::*:role/lab"]),
          "ORPHANED_GUARDRAIL", "no such control is enabled any more"),
    _Case("control-not-begun", "Migration tools outside the four regions", _WORKLOADS,
          _control("Workloads", principal=["arn:aws:iam::*:role/migration"]), "NOT_YET_ACTIVE",
          "its first day has not come", (), (20, 110)),
    _Case("policy-account", "The network hub works in every region", "account/100000000010",
          _policy(account=["100000000010"]), "PRESENT", "the policy carves out this account"),
    _Case("policy-account-ended", "Partner interface in other regions", "account/100000000028",
          _policy(account=["100000000028"]), "EXPIRED_BUT_PRESENT",
          "the approval ended, and the policy still carves out the account", (), (-200, -20)),
    _Case("policy-ended-and-removed", "Other regions for the old data lake", _WORKLOADS,
          _policy(principal=["arn:aws:iam::*:role/old-data-lake"]), "EXPIRED_CLEAN",
          "the approval ended, and the policy lets the role through no more", (), (-200, -20)),
    _Case("control-half", "Two roles of the network outside the four regions", _WORKLOADS,
          _control("Workloads", principal=[EXEMPTED, "arn:aws:iam::*:role/network-audit"]), "DIFFERENT",
          "one of the two roles is exempted"),
    _Case("policy-missing", "A laboratory in every region", "account/100000000040",
          _policy(account=["100000000040"]), "MISSING", "approved, and the policy does not carve it out"),
    _Case("policy-retired", "Instances without a tag", _WORKLOADS,
          {"policy": ["deny-untagged-instances"], "ou": ["Workloads"]}, "ORPHANED_GUARDRAIL",
          "no such policy exists any more"),
    _Case("policy-tag-ended", "Roles with the tag work in every region", _WORKLOADS,
          _policy(tag={"governance-exception": "regions-allowed"}), "EXPIRED_BUT_PRESENT",
          "the approval ended, and the policy still lets the tag through", (), (-150, -10)),
    _Case("left-with-approval", "A public bucket of the management account", f"account/{MANAGEMENT}",
          {"account": [MANAGEMENT], "rule": [_LEFT], "region": [HOME],
           "resource": [f"gov0-management-media-{HOME}"]}, None,
          "its exception from remediation has no end"),
    _Case("exclusion-approved", "No trail of its own in an account of security", "account/100000000055",
          {"account": ["100000000055"], "rule": [_RULE]}, "COVERED",
          "the organization rule leaves the account out, as was approved", ("COVERED_BY_EXCLUSION",)),
)  # fmt: skip


def _mended(world: World) -> list[_Case]:
    """Requests for what would be mended in the management account."""
    target = f"account/{MANAGEMENT}"
    found = []
    for rule, flags, why in (
        (_FLOWS, ("EXPIRY_MISMATCH", "REMEDIATION_EXCEPTION_MISSING"),
         "one is excepted from remediation as approved, one until another day, one not at all"),
        (_KEYS, ("NOT_ENFORCEABLE",),
         "the remediation belongs to a conformance pack, and AWS takes no exception from it"),
    ):  # fmt: skip
        names = _broken(world, rule)[:3]
        scope = {"account": [MANAGEMENT], "region": [HOME], "rule": [rule], "resource": names}
        if len(names) == 3:
            found.append(_Case(f"remediation-{rule}", f"Management account: {rule}", target, scope, "COVERED",
                               why, flags))  # fmt: skip
    return found


def _remediation(world: World) -> tuple[list[Row], list[Row]]:
    """Return exceptions from remediation, and the remediations, of the management account at home."""

    def held(rule: str, resource: str, message: str, days: int | None) -> Row:
        kind = "AWS::EC2::VPC" if rule == _FLOWS else "AWS::S3::Bucket"
        row: Row = {"ConfigRuleName": rule, "ResourceType": kind, "ResourceId": resource, "Message": message}
        return row if days is None else {**row, "ExpirationTime": midnight(NOW, days)}

    def remediated(rule: str, document: str, **more: Any) -> Row:
        return {"ConfigRuleName": rule, "TargetType": "SSM_DOCUMENT", "TargetId": document,
                "TargetVersion": "1", "Automatic": True, **more}  # fmt: skip

    ends = zip(_broken(world, _FLOWS)[:2], (120, 150), strict=False)
    rows = [held(_FLOWS, name, "for the network team", days) for name, days in ends]
    rows += [held(_LEFT, name, message, None) for name, message, _ in _LEFT_BEHIND]
    linked = {"CreatedByService": "config-conforms.amazonaws.com"}
    return rows, [
        remediated(_FLOWS, "Governance-EnableFlowLogs"), remediated(_KEYS, "Governance-RotateKey", **linked)
    ]  # fmt: skip


def _broken(world: World, rule: str) -> list[str]:
    rows = world.evaluations
    here = rows["account"].eq(MANAGEMENT) & rows["region"].eq(HOME) & rows["rule"].eq(rule)
    return sorted(rows.loc[here & rows["compliance"].eq("NON_COMPLIANT"), "resource_id"])


def _found(planes: Planes) -> list[Planted]:
    """Return what must be found of live exceptions that nobody approved, or not like this."""
    unapproved, differs, drift = "UNAPPROVED_LIVE_EXCEPTION", "LIVE_EXCEPTION_DIFFERS", "CONTROL_NOT_IN_SYNC"
    drifted = next(
        str(one["arn"]) for one in planes.enabled_controls
        if one["driftStatusSummary"]["driftStatus"] == "DRIFTED"
    )  # fmt: skip
    lab, tag = "100000000060", "governance-exception=regions-allowed"
    cases = (
        ("live-action-differs", differs, None, _DENY, "bedrock:*", "approved is one action of it"),
        ("live-region", unapproved, None, _DENY, EXTRA_REGION, "a region that is not governed"),
        ("live-account-ended", unapproved, "100000000028", _POLICY, "100000000028", "its approval has ended"),
        ("live-tag", unapproved, None, _POLICY, tag, "whoever has the tag passes; the approval has ended"),
        ("live-exclusion", "UNAPPROVED_EXCLUSION", lab, _RULE, lab, "left out, and nobody approved that"),
        ("live-drift", drift, None, "AWS-GR_RESTRICTED_SSH", drifted, "the control has drifted"),
    )
    found = [
        Planted(case, f"{rule} lets {name} through", "finding", why, finding_type=kind, account=account,
                rule=rule, resource_id=name)
        for case, kind, account, rule, name, why in cases
    ]  # fmt: skip
    counts = (
        ("all-drift", drift, 2, "one control has drifted, of one nobody can tell"),
        (
            "all-unapproved",
            unapproved,
            4,
            "region, account, tag, and a constraint on tags of products; no more",
        ),
        ("all-different", differs, 1, "one action is approved, all of them are let through"),
        ("all-exclusions", "UNAPPROVED_EXCLUSION", 1, "accounts that are not active need no approval"),
    )
    return found + [
        Planted(case, f"{count} x {kind}", "finding", why, finding_type=kind, count=count)
        for case, kind, count, why in counts
    ]


def _found_in_config(world: World) -> list[Planted]:
    why = "its bucket was mended, and it was left: nobody approved it, Config wrote it, or it has no end"
    cases = [("left", finding, _LEFT, name, why) for name, _, finding in _LEFT_BEHIND]
    flows = _broken(world, _FLOWS)[:3]
    if len(flows) == 3:
        why = "it lasts 30 days longer than approved"
        cases.append(("other-end", "EXPIRY_MISMATCH", _FLOWS, flows[1], why))
    return [
        Planted(f"remediation-{case}", f"{rule}: {name}", "finding", why, finding_type=kind,
                account=MANAGEMENT, region=HOME, rule=rule, resource_id=name)
        for case, kind, rule, name, why in cases
    ]  # fmt: skip


def _entry(case: _Case) -> ExceptionEntry:
    start = midnight(NOW, case.days[0])
    requested = min(start, midnight(NOW)) - timedelta(days=9, hours=-10)
    approver = people.decider_of(case.target, scopes=json.dumps([case.scope]))
    return ExceptionEntry(
        label=case.label, title=case.title, reason=f"{case.title}, for a time.", benefit="The work goes on.",
        risk="The guardrail does not hold there.", risk_if_denied="The work waits.", category="waiver",
        risk_level="medium", requester="nora.lindqvist@example.com", approver=approver, status="approved",
        target=case.target, requested=requested, decided=requested + timedelta(days=4),
        updated=requested + timedelta(days=4), valid_from=start, valid_until=midnight(NOW, case.days[1]),
        scopes=[case.scope], control="Calls are logged and read every week",
    )  # fmt: skip
