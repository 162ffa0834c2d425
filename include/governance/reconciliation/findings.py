"""What reconciliation found, as findings: exceptions that need somebody, and deviations nobody approved."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from governance.reconciliation import frames
from governance.reconciliation.directory import Directory, Kind
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.policy import ReconciliationPolicy
from governance.register.findings import COLUMNS
from governance.register.ownership import OwnershipPolicy, Subject


def of_exceptions(
    verdicts: pd.DataFrame,
    exceptions: list[LiveException],
    policy: ReconciliationPolicy,
    owners: OwnershipPolicy,
) -> pd.DataFrame:
    """Return the findings of family `exception` (columns: `register.findings.COLUMNS`)."""
    by_number = {exception.number: exception for exception in exceptions}
    rows = []
    for verdict in frames.rows(verdicts):
        severity = policy.exception_findings.get(str(verdict.verdict))
        exception = by_number[int(verdict.request_number)]
        if severity is not None:
            rows.append(
                {
                    "finding_key": exception.request_id,
                    "type": verdict.verdict,
                    "severity": (exception.risk_level or "medium") if severity == "risk" else severity,
                    "request_number": exception.number,
                    "account": _only_account(exception),
                    "owner": exception.owner or owners.authority.accountable,
                    "why": verdict.why,
                    "evidence": verdict.evidence,
                }
            )
    return _frame(rows)


def _only_account(exception: LiveException) -> str | None:
    named = {account for scope in exception.scopes for account in scope.account}
    return named.pop() if len(named) == 1 else None


def of_deviations(
    deviations: pd.DataFrame,
    exceptions: list[LiveException],
    directory: Directory,
    policy: ReconciliationPolicy,
    owners: OwnershipPolicy,
) -> pd.DataFrame:
    """Return the findings of family `deviation`: one per non-compliant item that nobody approved.

    `rule` is the canonical name; the deployed name and the creator are in the evidence, as is the subtype
    EXPIRED with the exception that once covered it.
    """
    resolve = _OwnerLookup(directory, owners)
    rows = []
    for item in frames.rows(deviations):
        kind = directory.kinds[int(item.kind)]
        expired = None if pd.isna(item.expired) else exceptions[int(item.expired)]
        key = (item.account, item.region, kind.identity.creator, kind.identity.name, kind.resource_type)
        why, evidence = _told(item, kind, expired, directory)
        rows.append(
            {
                "finding_key": "|".join([*map(str, key), str(item.resource_id)]),
                "type": "UNAPPROVED_DEVIATION",
                "severity": policy.severity_of(kind.identity.name),
                "request_number": expired.number if expired else None,
                "account": item.account,
                "region": item.region,
                "rule": kind.identity.name,
                "resource_type": kind.resource_type,
                "resource_id": item.resource_id,
                "owner": resolve(item.account, kind.identity.name, kind.resource_type, item.resource_id),
                "why": why,
                "evidence": json.dumps(evidence, sort_keys=True, ensure_ascii=False),
            }
        )
    return _frame(rows)


def _told(
    item: Any, kind: Kind, expired: LiveException | None, directory: Directory
) -> tuple[str, dict[str, Any]]:
    """Say in one sentence why the item is a deviation, and what the sentence rests on."""
    what = f"{kind.resource_type} {item.resource_id} in account {item.account} ({item.region})"
    against = f"is not compliant with {kind.identity.name}"
    evidence: dict[str, Any] = {
        "snapshot": directory.evidence.snapshot_id,
        "creator": kind.identity.creator or "customer",
        "deployed_rule": item.rule,
        "rule_of_decision": "UNAPPROVED_DEVIATION",
    }
    if directory.book.is_ambiguous(kind.identity.name):
        evidence["scope_rule"] = f"{evidence['creator']}/{kind.identity.name}"
    if expired is None:
        return f"{what} {against} and no approved exception covers it.", evidence
    evidence |= {"subtype": "EXPIRED", "exception": expired.request_id}
    return (
        f"{what} {against}; {expired.request_id} covered it until {expired.valid_until:%Y-%m-%d}.",
        evidence,
    )


class _OwnerLookup:
    """Who is accountable for a resource; asked once per account and rule unless a policy names paths."""

    def __init__(self, directory: Directory, owners: OwnershipPolicy) -> None:
        self._directory = directory
        self._owners = owners
        self._paths_matter = any(rule.match.path for rule in owners.owners)
        self._found: dict[tuple[str, ...], str] = {}

    def __call__(self, account: str, rule: str, resource_type: str, resource_id: str) -> str:
        path = None
        if self._paths_matter:
            service = resource_type.split("::")[1].lower() if "::" in resource_type else resource_type
            path = f"account/{account}/{service}/{resource_id}"
        key = (account, rule, path or "")
        if key not in self._found:
            subject = Subject("resource", path, account, rule, self._directory.unit_path(account))
            self._found[key] = self._owners.resolve(subject).accountable
        return self._found[key]


def unknown_exceptions(verdicts: pd.DataFrame) -> pd.Series:
    """Return the finding keys about which nothing can be said now."""
    return verdicts.request_id[verdicts.verdict == "UNKNOWN"]


def unknown_deviations(open_findings: pd.DataFrame, evidence: Evidence, directory: Directory) -> pd.Series:
    """Return the keys of open deviations (finding_key, account, region, rule) that nothing fresh tells of.

    A global resource is known only while every region of its account is. An account that is gone takes its
    deviations with it.
    """
    places = evidence.places
    fresh = set(zip(places.account[places.fresh], places.region[places.fresh], strict=True))
    partly = set(places.account[~places.fresh])
    whole = {(account, "global") for account in places.account if account not in partly}
    known = fresh | whole
    failing = {rule.name for rule in directory.failing_rules}
    keep = [
        ((row.account, row.region) not in known or row.rule in failing)
        and not directory.is_gone(str(row.account))
        for row in frames.rows(open_findings)
    ]
    return open_findings.finding_key[pd.Series(keep, index=open_findings.index, dtype=bool)]


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({name: "Int64" if name == "request_number" else "str" for name in COLUMNS})
