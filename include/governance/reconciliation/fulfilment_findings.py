"""Findings of the families `addition` and `change`: what needs somebody, and what nobody asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from governance.reconciliation import additions, detached, frames
from governance.reconciliation.fulfilment_policy import FulfilmentPolicy
from governance.reconciliation.fulfilment_words import at
from governance.reconciliation.listings import Listings
from governance.reconciliation.requested import Addition, Change, Request
from governance.register import findings
from governance.register.ownership import OwnershipPolicy, Subject


def of_additions(
    asked: list[Addition],
    verdicts: pd.DataFrame,
    unrequested: pd.DataFrame,
    seen: Listings,
    policy: FulfilmentPolicy,
    owners: OwnershipPolicy,
    detached_rows: Sequence[Mapping[str, Any]] = (),
) -> pd.DataFrame:
    """Return the findings of family `addition` (columns: `register.findings.COLUMNS`)."""
    rows = [*_of_requests(asked, verdicts, policy.addition_findings, owners), *map(dict, detached_rows)]
    severity = policy.addition_findings.get("UNREQUESTED")
    units = seen.unit_paths
    for thing in frames.rows(unrequested) if severity else ():
        account = thing.account if isinstance(thing.account, str) else None
        asking = f"; not approved: {thing.not_approved}" if isinstance(thing.not_approved, str) else ""
        since = "" if pd.isna(thing.created_at) else f", made {at(thing.created_at)}"
        evidence = {"snapshot": seen.snapshot_id, "rule_of_decision": "UNREQUESTED", "thing": thing.subject,
                    "thing_type": thing.type}  # fmt: skip
        rows.append({
            "finding_key": f"{thing.type}|{thing.subject}", "type": "UNREQUESTED", "request_number": None,
            "severity": _severity(severity, None), "account": account, "resource_type": thing.type,
            "resource_id": thing.subject,
            "owner": _owner(account, units, owners),
            "why": f"The {thing.words} is there{since}, and no approved addition asked for it{asking}.",
            "evidence": json.dumps(evidence, sort_keys=True, ensure_ascii=False),
        })  # fmt: skip
    return findings.of_rows(rows)


def of_changes(
    asked: list[Change],
    verdicts: pd.DataFrame,
    unapproved: pd.DataFrame,
    seen: Listings,
    policy: FulfilmentPolicy,
    owners: OwnershipPolicy,
) -> pd.DataFrame:
    """Return the findings of family `change` (columns: `register.findings.COLUMNS`)."""
    rows = _of_requests(asked, verdicts, policy.change_findings, owners)
    severity = policy.change_findings.get("UNAPPROVED_CHANGE")
    units = seen.unit_paths
    for one in frames.rows(unapproved) if severity else ():
        account = _account_in(one.targets)
        ran = ", ".join(one.runs) or one.service
        by = f" by {one.by}" if isinstance(one.by, str) else ""
        evidence = {"snapshot": seen.snapshot_id, "rule_of_decision": "UNAPPROVED_CHANGE",
                    "status": one.status, "execution": one.execution, "runbooks": list(one.runs),
                    "targets": list(one.targets)}  # fmt: skip
        rows.append({
            "finding_key": f"{one.service}|{one.execution}", "type": "UNAPPROVED_CHANGE",
            "severity": _severity(severity, None), "request_number": None, "account": account, "rule": None,
            "resource_type": f"{one.service} execution", "resource_id": one.execution,
            "owner": _owner(account, units, owners),
            "why": f"{ran} ran {at(one.started_at)}{by}, and no approved change asked for it.",
            "evidence": json.dumps(evidence, sort_keys=True, ensure_ascii=False),
        })  # fmt: skip
    return findings.of_rows(rows)


def _of_requests(
    asked: Sequence[Request], verdicts: pd.DataFrame, severities: Mapping[Any, str], owners: OwnershipPolicy
) -> list[dict[str, Any]]:
    by_number = {one.number: one for one in asked}
    rows = []
    for verdict in frames.rows(verdicts):
        request, severity = by_number.get(int(verdict.request_number)), severities.get(str(verdict.verdict))
        if request is not None and severity is not None:
            rows.append({
                "finding_key": request.request_id, "type": verdict.verdict,
                "severity": _severity(severity, request.risk_level), "request_number": request.number,
                "account": None, "rule": None, "resource_type": None, "resource_id": None,
                "owner": request.owner or owners.authority.accountable, "why": verdict.why,
                "evidence": verdict.evidence,
            })  # fmt: skip
    return rows


def _severity(severity: str | None, risk: str | None) -> str:
    return severity if severity not in (None, "risk") else risk or "medium"


def _owner(account: str | None, units: Mapping[str, str], owners: OwnershipPolicy) -> str:
    subject = Subject("resource", account=account, ou=units.get(account or ""))
    return owners.resolve(subject).accountable


def _account_in(targets: Sequence[str]) -> str | None:
    """Return the one account that the targets of an execution name, None: none, or several."""
    named = {account for target in targets for account in re.findall(r"(?<!\d)\d{12}(?!\d)", target)}
    return named.pop() if len(named) == 1 else None


def unknown_additions(open_findings: pd.DataFrame, verdicts: pd.DataFrame, seen: Listings) -> pd.Series:
    """Return the keys of open findings of additions about which nothing can be said now."""
    unknown = set(verdicts.request_id[verdicts.verdict == "UNKNOWN"])
    blind = {kind for kind in additions.THING_TYPES if additions.gap_of_type(kind, seen)}
    keys = open_findings.finding_key
    lost = detached.gap(seen) is not None
    keep = [
        key in unknown or key.partition("|")[0] in blind or (lost and key.startswith(detached.PREFIX))
        for key in keys
    ]
    return keys[pd.Series(keep, index=keys.index, dtype=bool)]


def unknown_changes(
    open_findings: pd.DataFrame, verdicts: pd.DataFrame, asked: list[Change], seen: Listings
) -> pd.Series:
    """Return the keys of open findings of changes about which nothing can be said now.

    AWS forgets executions: what was carried out without an approval stays so, until an approved change names
    it or the execution is seen to belong to one.
    """
    unknown = set(verdicts.request_id[verdicts.verdict == "UNKNOWN"])
    named = {target for one in asked if one.standing in ("live", "settled") for target in one.targets}
    shown = set(seen.frames["ssm/automation_executions"].execution) | set(
        seen.frames["ssm/ops_items"].ops_item
    )
    shown |= set(seen.frames["servicecatalog/records"].record)
    shown |= set(seen.frames["controltower/control_operations"].operation)
    keys = open_findings.finding_key
    executions = keys.str.partition("|")[2] if len(keys) else keys
    keep = [
        key in unknown or ("|" in key and execution not in named and execution not in shown)
        for key, execution in zip(keys, executions, strict=True)
    ]
    return keys[pd.Series(keep, index=keys.index, dtype=bool)]
