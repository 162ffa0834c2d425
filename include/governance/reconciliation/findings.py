"""What reconciliation found, as findings: exceptions that need somebody, and deviations nobody approved."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from governance.reconciliation import frames
from governance.reconciliation.columns import joined, taken
from governance.reconciliation.directory import Directory
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.owners import accountable
from governance.reconciliation.policy import ReconciliationPolicy
from governance.register.findings import COLUMNS
from governance.register.ownership import OwnershipPolicy


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
    return _typed(pd.DataFrame(rows, columns=list(COLUMNS)))


def _only_account(exception: LiveException) -> str | None:
    named = {account for scope in (*exception.scopes, *exception.elsewhere) for account in scope.account}
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
    kinds = directory.kinds
    items = deviations.assign(
        creator=taken([kind.identity.creator for kind in kinds], deviations.kind),
        control=taken([kind.identity.name for kind in kinds], deviations.kind),
        resource_type=taken([kind.resource_type for kind in kinds], deviations.kind),
        expired=deviations.expired.astype("Int64").fillna(len(exceptions)).astype("int64"),
    )
    severities: list[str] = [policy.severity_of(kind.identity.name) for kind in kinds]
    key = ("account", "region", "creator", "control", "resource_type", "resource_id")
    numbers = pd.Series([*(one.number for one in exceptions), None], dtype="Int64")
    found = {
        "finding_key": joined(*[part for name in key for part in ("|", items[name])][1:]),
        "type": "UNAPPROVED_DEVIATION",
        "severity": taken(severities, items.kind),
        "request_number": numbers.take(items.expired.to_numpy()).set_axis(items.index),
        "account": items.account,
        "region": items.region,
        "rule": items.control,
        "resource_type": items.resource_type,
        "resource_id": items.resource_id,
        "owner": accountable(items, directory, owners),
        "why": _why(items, exceptions),
        "evidence": _evidence(items, exceptions, directory),
    }
    return _typed(pd.DataFrame(found, columns=list(COLUMNS), index=items.index))


def _why(items: pd.DataFrame, exceptions: list[LiveException]) -> pd.Series:
    """Say in one sentence why each item is a deviation."""
    ends = [
        f"; {one.request_id} covered it until {one.valid_until:%Y-%m-%d}." if one.valid_until else ""
        for one in exceptions
    ]
    end = taken([*ends, " and no approved exception covers it."], items.expired)
    return joined(
        items.resource_type, " ", items.resource_id, " in account ", items.account, " (", items.region,
        ") is not compliant with ", items.control, end,
    )  # fmt: skip


def _evidence(items: pd.DataFrame, exceptions: list[LiveException], directory: Directory) -> pd.Series:
    """Say what the sentences rest on. Many items rest on the same, so each text is written once."""
    what = items[["creator", "rule", "control", "expired"]]
    same = what.groupby(list(what.columns), sort=False).ngroup()
    texts = []
    for creator, rule, control, expired in what[~same.duplicated()].itertuples(index=False, name=None):
        evidence: dict[str, Any] = {
            "snapshot": directory.evidence.snapshot_id,
            "creator": creator or "customer",
            "deployed_rule": rule,
            "rule_of_decision": "UNAPPROVED_DEVIATION",
        }
        if directory.book.is_ambiguous(control):
            evidence["scope_rule"] = f"{evidence['creator']}/{control}"
        if expired < len(exceptions):
            evidence |= {"subtype": "EXPIRED", "exception": exceptions[expired].request_id}
        texts.append(json.dumps(evidence, sort_keys=True, ensure_ascii=False))
    return taken(texts, same)


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


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({name: "Int64" if name == "request_number" else "str" for name in COLUMNS})
