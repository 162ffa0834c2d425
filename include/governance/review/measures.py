"""What the pack follows over time: each measure is one number of one KPI, with its history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["requests", "exceptions", "records", "evaluations", "rungs", "share", "business hours"]
Section = Literal["flow", "time", "exceptions", "reconciliation", "intake", "escalations"]
Over = Literal["count", "rate", "state"]


@dataclass(frozen=True)
class Measure:
    """One line of the pack.

    `over` says how a value relates to its period: a `count` of what happened in it (so a month is about four
    weeks), a `rate` of what happened in it, or the `state` at its end. States have a value now, the sum of
    the KPI's rows with one of `dimensions`; the others speak for the last whole week. Only rates and states
    can have a target. `series` names the file of `sql/kpis/series/` that has a column `id`; `spans` is
    computed from the KPI's own rows. `better` is the direction to wish for.
    """

    id: str
    title: str
    section: Section
    unit: Unit
    over: Over
    series: str
    kpi: str
    words: str
    better: Literal["higher", "lower", "neither"] = "neither"
    dimensions: tuple[dict[str, str], ...] = ()

    @property
    def lowest(self) -> float:
        """No measure can be negative."""
        return 0.0

    @property
    def highest(self) -> float | None:
        """A share cannot exceed 1."""
        return 1.0 if self.unit == "share" else None

    @property
    def queries(self) -> tuple[str, ...]:
        """The files below `sql/` that answer it: now, and over time."""
        own = f"kpis/{self.kpi}.sql"
        return (own,) if self.series == "spans" else (own, f"kpis/series/{self.series}.sql")


MEASURES: tuple[Measure, ...] = (
    Measure(
        "arrived", "Requests in", "flow", "requests", "count", "flow", "throughput",
        "Submitted in the period.",
    ),
    Measure(
        "departed", "Requests out", "flow", "requests", "count", "flow", "throughput",
        "Left the backlog in the period: exceptions decided, everything else fulfilled or closed.",
    ),
    Measure(
        "backlog", "Backlog", "flow", "requests", "state", "flow", "backlog_open",
        "Open: somebody must still act.", better="lower",
        dimensions=({},),
    ),
    Measure(
        "backlog_aged", "Open for 30 days or longer", "flow", "requests", "state", "flow", "backlog_open",
        "Of the backlog, submitted 30 days ago or earlier.", better="lower",
        dimensions=({"age": "30 to 90 days"}, {"age": "90 days and over"},),
    ),
    Measure(
        "decided_in_time", "Decided within the agreement", "time", "share", "rate",
        "spans", "within_agreement",
        "Share of the period's decisions made within the agreed business hours. Waiting on the "
        "requester stops the clock.", better="higher",
    ),
    Measure(
        "time_to_decision_median", "Time to decision, median", "time", "business hours", "rate",
        "spans", "time_to_decision",
        "Half of the period's decisions took no longer than this, from submission.",
        better="lower",
    ),
    Measure(
        "time_to_decision_p90", "Time to decision, p90", "time", "business hours", "rate",
        "spans", "time_to_decision",
        "Nine in ten of the period's decisions took no longer than this.", better="lower",
    ),
    Measure(
        "exceptions_live", "Exceptions live", "exceptions", "exceptions", "state", "exceptions", "exceptions",
        "Approved, begun and not over.",
        dimensions=({"state": "live"},),
    ),
    Measure(
        "exceptions_expiring", "Ending within 30 days", "exceptions", "exceptions", "state",
        "exceptions", "exceptions",
        "Live exceptions whose end is at most 30 days away.",
        dimensions=({"state": "expiring", "within": "30 days"},),
    ),
    Measure(
        "exceptions_expired_live", "Expired but live", "exceptions", "exceptions", "state",
        "exceptions", "exceptions",
        "Over, but AWS still has non-compliant resources that lean on them.", better="lower",
        dimensions=({"state": "expired but live"},),
    ),
    Measure(
        "renewals", "Renewals", "exceptions", "exceptions", "count", "exceptions", "exceptions",
        "Approved in the period to renew an earlier exception.",
    ),
    Measure(
        "compliance_with", "Compliance with exceptions", "reconciliation", "share", "state",
        "reconciliation", "reconciliation",
        "Share of assessed evaluations that are compliant or covered by a live exception.",
        better="higher",
        dimensions=({"measure": "compliance with exceptions"},),
    ),
    Measure(
        "compliance_without", "Compliance without exceptions", "reconciliation", "share", "state",
        "reconciliation", "reconciliation",
        "Share of assessed evaluations that are compliant, as AWS Config sees it.",
        better="higher",
        dimensions=({"measure": "compliance without exceptions"},),
    ),
    Measure(
        "deviations", "Deviations nobody approved", "reconciliation", "evaluations", "state",
        "reconciliation", "reconciliation",
        "Non-compliant and covered by no live exception.", better="lower",
        dimensions=({"measure": "deviations"},),
    ),
    Measure(
        "coverage", "Coverage", "reconciliation", "share", "state", "reconciliation", "reconciliation",
        "Share of the places to look at (account and region) with complete, fresh evidence. The rest "
        "is unknown, never clean.", better="higher",
        dimensions=({"measure": "coverage"},),
    ),
    Measure(
        "intake_yield", "Records that pass the gate", "intake", "share", "state", "intake", "intake_quality",
        "Loaded or unchanged, of all records pulled. Now: the latest run of each source.",
        better="higher",
        dimensions=({"count": "yield"},),
    ),
    Measure(
        "quarantined", "Records quarantined", "intake", "records", "state", "intake", "intake_quality",
        "Kept aside with the reason, to be mended and replayed. Now: the latest run of each source.",
        better="lower",
        dimensions=({"count": "quarantined"},),
    ),
    Measure(
        "reminded", "Rungs reached", "escalations", "rungs", "count", "escalations", "escalations",
        "Every rung of the ladder that a request reached in the period.",
    ),
    Measure(
        "escalated", "Reached the last rung", "escalations", "rungs", "count", "escalations", "escalations",
        "The escalation authority was told.", better="lower",
    ),
)  # fmt: skip
"""In the order of the pack."""

BY_ID = {measure.id: measure for measure in MEASURES}
