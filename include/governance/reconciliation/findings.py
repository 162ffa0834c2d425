"""Findings of family `exception`: exceptions that need somebody."""

from __future__ import annotations

import pandas as pd

from governance.reconciliation import frames
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.policy import ReconciliationPolicy
from governance.register import findings as register_findings
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
    for verdict in frames.rows(verdicts[verdicts.verdict.isin(list(policy.exception_findings))]):
        severity = policy.exception_findings[verdict.verdict]
        exception = by_number[verdict.request_number]
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
    return register_findings.of_rows(rows)


def _only_account(exception: LiveException) -> str | None:
    named = {account for scope in (*exception.scopes, *exception.elsewhere) for account in scope.account}
    return named.pop() if len(named) == 1 else None


def unknown_exceptions(verdicts: pd.DataFrame) -> pd.Series:
    """Return the finding keys about which nothing can be said now."""
    return verdicts.request_id[verdicts.verdict == "UNKNOWN"]
