"""Response-time agreements: `policies/response_times.yaml`, business hours per kind, clock and risk."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat

from governance import documents

Kind = Literal["addition", "change", "exception"]
Risk = Literal["low", "medium", "high", "critical"]
Clock = Literal["triage", "decision", "fulfilment"]


class ByRisk(documents.Document):
    """Business hours for each risk level."""

    low: PositiveFloat
    medium: PositiveFloat
    high: PositiveFloat
    critical: PositiveFloat


class ByClock(documents.Document):
    """Business hours for each clock: to look at it, to decide it, to carry it out."""

    triage: ByRisk
    decision: ByRisk
    fulfilment: ByRisk


class Agreements(documents.Document):
    """Agreements of each kind of request."""

    addition: ByClock
    change: ByClock
    exception: ByClock


class ResponseTimes(documents.Document):
    """The whole file. A request that names no risk level is held to `missing_risk`, and told so."""

    missing_risk: Risk = Field(description="The risk level that counts where a request names none")
    business_hours: Agreements

    def agreed(self, kind: str, clock: Clock, risk_level: str | None) -> float:
        """Return the agreed business hours of `clock` for a request of this kind and risk."""
        by_risk = getattr(getattr(self.business_hours, kind), clock)
        return float(getattr(by_risk, risk_level or self.missing_risk))


def read(policies: Path) -> ResponseTimes:
    """Read `response_times.yaml` of a policies folder; raises DocumentError with every mistake."""
    return documents.read(policies / "response_times.yaml", ResponseTimes)
