"""The policies that escalation reads, checked against one another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from governance.escalation import ladder
from governance.register import exception_limits, ownership, response_times
from governance.register.business_time import Calendars, read_calendars


@dataclass(frozen=True)
class Policies:
    """Everything a person decides about who hears what and when."""

    ownership: ownership.OwnershipPolicy
    response_times: response_times.ResponseTimes
    calendars: Calendars
    ladder: ladder.Ladder
    exception_limits: exception_limits.ExceptionLimits


def read(folder: Path) -> Policies:
    """Read a policies folder; raises GovernanceError where a file is wrong or names an unknown calendar."""
    policies = Policies(
        ownership.read(folder),
        response_times.read(folder),
        read_calendars(folder),
        ladder.read(folder),
        exception_limits.read(folder),
    )
    for rule in (policies.ownership.authority, *policies.ownership.owners):
        policies.calendars[rule.calendar]
    return policies
