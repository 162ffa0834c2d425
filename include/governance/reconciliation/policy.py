"""What people decide about reconciliation: `policies/reconciliation.yaml` and `exception_limits.yaml`."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from governance import documents
from governance.register import exception_limits
from governance.register.exception_limits import ExceptionLimits
from governance.register.patterns import matches
from governance.register.scope import Scope

Severity = Literal["low", "medium", "high", "critical"]


class EvidenceLimits(documents.Document):
    """How old evidence may be and still count."""

    config_max_age_hours: float = Field(gt=0)
    organizations_max_age_hours: float = Field(gt=0)

    def config_since(self, now: datetime) -> datetime:
        """Evidence of AWS Config from this instant on is fresh."""
        return now - timedelta(hours=self.config_max_age_hours)

    def organizations_since(self, now: datetime) -> datetime:
        """Evidence of Organizations from this instant on is fresh."""
        return now - timedelta(hours=self.organizations_max_age_hours)


class RuleSeverity(documents.Document):
    """Severity of deviations from rules whose canonical name fits a pattern."""

    rule: str
    severity: Severity


class ScopeGrowth(documents.Document):
    """How many more items than when it was approved an exception may match: the larger of both."""

    percent: float = Field(default=50, ge=0)
    items: int = Field(default=25, ge=0)

    def most(self, approved: int) -> int:
        """Return the largest number of items that is tolerated.

        >>> ScopeGrowth(percent=50, items=25).most(10), ScopeGrowth(percent=50, items=25).most(100)
        (35, 150)
        """
        return approved + max(self.items, int(approved * self.percent / 100))


class RequiredPolicy(documents.Document):
    """A control policy that must reach every active account of some units; no unit named: of all."""

    policy: str = Field(description="Name or id; wildcards allowed: any that fits reaches")
    ou: tuple[str, ...] = ()


class LiveExceptionPolicy(documents.Document):
    """What is made of exceptions that AWS itself holds."""

    findings: dict[str, Severity | Literal["risk"]] = Field(
        default={}, description="Type of finding -> severity; 'risk' takes that of the request; else medium"
    )
    end_tolerance_hours: float = Field(default=24, ge=0)
    service_created_messages: tuple[str, ...] = Field(
        default=(), description="Patterns of what AWS Config writes where it makes an exception itself"
    )
    by_design: tuple[Scope, ...] = Field(
        default=(), description="What controls, policies and constraints let through because they are made so"
    )
    required_policies: tuple[RequiredPolicy, ...] = ()

    def severity_of(self, finding: str, risk_level: str | None) -> str:
        """Return the severity of a type of finding about a request of that risk level, None: about none."""
        severity = self.findings.get(finding, "medium")
        return (risk_level or "medium") if severity == "risk" else severity


class ReconciliationPolicy(documents.Document):
    """The whole of `reconciliation.yaml`."""

    evidence: EvidenceLimits
    stale_after_observations: int = Field(ge=1)
    global_resource_types: tuple[str, ...] = ()
    exception_findings: dict[str, Severity | Literal["risk"]]
    deviation_severity: tuple[RuleSeverity, ...]
    scope_growth: ScopeGrowth = ScopeGrowth()
    live_exceptions: LiveExceptionPolicy = LiveExceptionPolicy()

    @model_validator(mode="after")
    def _every_rule_has_a_severity(self) -> Self:
        if not self.deviation_severity or self.deviation_severity[-1].rule != "*":
            raise ValueError("a last deviation_severity for rule '*', so that every rule has one")
        return self

    def severity_of(self, rule: str) -> Severity:
        """Return the severity of a deviation from the rule of that canonical name."""
        return next(one.severity for one in self.deviation_severity if matches(one.rule, rule))

    def is_global(self, resource_type: str) -> bool:
        """Tell whether resources of this type exist once although every region evaluates them."""
        return any(matches(pattern, resource_type) for pattern in self.global_resource_types)


def read(policies: Path) -> tuple[ReconciliationPolicy, ExceptionLimits]:
    """Read both files of a policies folder; raises DocumentError with every mistake."""
    return (
        documents.read(policies / "reconciliation.yaml", ReconciliationPolicy),
        exception_limits.read(policies),
    )
