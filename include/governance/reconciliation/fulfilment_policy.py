"""What people decide about additions and changes held against AWS: `policies/fulfilment.yaml`."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field

from governance import documents
from governance.reconciliation.policy import Severity

AdditionVerdict = Literal[
    "FAILED", "MISPLACED", "CONTENT_MISMATCH", "PARTIAL", "FULFILLED_DRIFTED", "FULFILLED_DEGRADED",
    "FULFILLED_UNVERIFIED", "NOT_FULFILLED", "UNREQUESTED", "POLICY_DETACHED",
]  # fmt: skip
ChangeVerdict = Literal[
    "UNAPPROVED_CHANGE", "SCOPE_EXCEEDED", "RUNBOOK_MISMATCH", "OUT_OF_WINDOW", "EXECUTED_FAILED",
    "EXECUTED_PARTIAL", "OVERRAN", "NOT_EXECUTED",
]  # fmt: skip


class Limits(documents.Document):
    """How old evidence may be, and for how long AWS keeps it."""

    max_age_hours: float = Field(gt=0)
    execution_history_days: float = Field(gt=0)

    def since(self, now: datetime) -> datetime:
        """Listings from this instant on count."""
        return now - timedelta(hours=self.max_age_hours)


class StandingChange(documents.Document):
    """Executions that are approved once and for all, by patterns of who runs what."""

    by: str = "*"
    runbook: str


class FulfilmentPolicy(documents.Document):
    """The whole of `fulfilment.yaml`."""

    register_began: AwareDatetime
    evidence: Limits
    verify_days: float = Field(ge=0)
    match_days: float = Field(ge=0)
    standing_changes: tuple[StandingChange, ...] = ()
    addition_findings: dict[AdditionVerdict, Severity | Literal["risk"]]
    change_findings: dict[ChangeVerdict, Severity | Literal["risk"]]


def read(policies: Path) -> FulfilmentPolicy:
    """Read the file of a policies folder; raises DocumentError with every mistake."""
    return documents.read(policies / "fulfilment.yaml", FulfilmentPolicy)
