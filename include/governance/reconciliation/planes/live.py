"""The words of this package: a live exception, what is said about it, and what all of it adds up to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from governance.reconciliation.exceptions import LiveException

Plane = Literal["remediation", "exclusion", "control_tower", "organizations", "service_catalog"]
Kind = Literal["resource", "account", "unit", "principal", "action", "region", "tag", "constraint", "control"]
Verdict = Literal["PRESENT", "DIFFERENT", "NOT_APPROVED", "MISSING", "BY_DESIGN", "UNKNOWN"]
"""PRESENT: approved and there. DIFFERENT: approved, but not like this (until when, how far, for whom).
NOT_APPROVED: there, and nobody approved it. MISSING: approved and not there. BY_DESIGN: part of the guardrail
itself, as `reconciliation.yaml` says. UNKNOWN: what would decide is not known."""


@dataclass(frozen=True)
class Live:
    """One exception that AWS holds.

    `guardrail` is what it excepts from (rule, control, policy, constraint) and `names` every name that a
    scope may call it by; `kind` and `value` what is let through; `unit` the id of the unit or root where it
    holds, None: wherever. `ends` is its end in AWS (UTC), None: it has none. `gap` says why it is not known
    whether it is in force as told, `drift` why it is known not to be; None: neither.
    """

    plane: Plane
    kind: Kind
    guardrail: str
    value: str
    names: frozenset[str] = frozenset()
    account: str | None = None
    region: str | None = None
    unit: str | None = None
    resource_type: str | None = None
    ends: datetime | None = None
    gap: str | None = None
    drift: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def key(self) -> str:
        """What makes it the same live exception next time."""
        parts = (self.plane, self.guardrail, self.account, self.region, self.unit, self.kind,
                 self.resource_type, self.value)  # fmt: skip
        return "|".join(part or "" for part in parts)


@dataclass(frozen=True)
class Judged:
    """One verdict. `finding` is the type of the finding that it opens, None: none; `request` who approved it,
    once approved it, or approved something like it. `why` is one sentence."""

    live: Live
    verdict: Verdict
    why: str
    finding: str | None = None
    request: LiveException | None = None


@dataclass(frozen=True)
class Told:
    """What is said about a request instead of what evaluations alone say, and on what ground.

    `instead_of` are the verdicts that it replaces, None: every one but INVALID.
    """

    verdict: str
    why: str
    evidence: dict[str, Any]
    instead_of: frozenset[str] | None = None

    def replaces(self, verdict: str) -> bool:
        """Tell whether this is said instead of a verdict."""
        return verdict != "INVALID" if self.instead_of is None else verdict in self.instead_of


@dataclass
class Found:
    """Everything that was found. `flags` and `told` are by request number.

    `gaps` says per plane, and account and region of it ('*': all), what is not known there, in words.
    """

    judged: list[Judged] = field(default_factory=list)
    flags: dict[int, set[str]] = field(default_factory=dict)
    told: dict[int, Told] = field(default_factory=dict)
    gaps: dict[tuple[Plane, str, str], str] = field(default_factory=dict)

    def flag(self, request: LiveException, name: str) -> None:
        """Put a flag beside the verdict of a request."""
        self.flags.setdefault(request.number, set()).add(name)

    def gap_of(self, plane: Plane) -> str | None:
        """Return what is not known of a plane, the first of several; None: all of it is known."""
        return next((why for (of, _, _), why in sorted(self.gaps.items()) if of == plane), None)
