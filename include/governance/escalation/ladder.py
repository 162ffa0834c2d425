"""The ladder: `policies/ladder.yaml`, who hears what when a clock runs on, and how mail is sent."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from email.utils import parseaddr
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, model_validator

from governance import documents
from governance.register.ownership import Email

Audience = Literal["owner", "manager", "escalation_authority"]


def _is_sender(value: str) -> str:
    local, at, domain = parseaddr(value)[1].partition("@")
    if not (local and at and domain) or any(char in value for char in "\r\n"):
        raise ValueError("an address such as 'Governance <governance@example.com>'")
    return value


class Rung(documents.Document):
    """One rung: the share of the agreement at which it falls due, and who hears it."""

    rung: str = Field(pattern=r"^[a-z][a-z_]*$")
    at_percent: PositiveFloat
    audience: Audience
    informed: tuple[Audience, ...] = ()


class QuietHours(documents.Document):
    """From `begin` to `end` on the recipient's clock no mail is sent; the span may cross midnight."""

    begin: time
    end: time

    def over_at(self, instant: datetime, zone: str) -> datetime:
        """Return `instant`, or the end of the quiet hours it falls into (same time zone as `instant`)."""
        local = instant.astimezone(ZoneInfo(zone))
        clock = local.time()
        over_night = self.begin > self.end
        quiet = clock >= self.begin or clock < self.end if over_night else self.begin <= clock < self.end
        if not quiet:
            return instant
        day = local.date() + timedelta(days=1) if over_night and clock >= self.begin else local.date()
        return datetime.combine(day, self.end, local.tzinfo).astimezone(instant.tzinfo)


class Mail(documents.Document):
    """How mail looks and leaves."""

    sender: Annotated[str, AfterValidator(_is_sender)]
    reply_to: Email | None = None
    list_id: str = Field(pattern=r"^[A-Za-z0-9.-]+$")
    link_base: str = Field(pattern=r"^https?://[^\s]+$")
    quiet_hours: QuietHours | None = None
    digests_per_run: PositiveInt
    overflow_to: Email
    requests_per_digest: PositiveInt
    attempts: PositiveInt

    @property
    def domain(self) -> str:
        """Domain of the sender: the right-hand side of every Message-ID."""
        return parseaddr(self.sender)[1].rpartition("@")[2]


class Ladder(documents.Document):
    """The whole file. Rungs are listed from the first to the last."""

    decision: tuple[Rung, ...] = Field(min_length=1)
    escalation_authority: Email
    mail: Mail

    @model_validator(mode="after")
    def _rungs_rise(self) -> Self:
        if any(later.at_percent <= earlier.at_percent for earlier, later in pairwise(self.decision)):
            raise ValueError("rungs that rise: each later than the one before")
        if len({rung.rung for rung in self.decision}) < len(self.decision):
            raise ValueError("rungs with different names")
        return self


def read(policies: Path) -> Ladder:
    """Read `ladder.yaml` of a policies folder; raises DocumentError with every mistake."""
    return documents.read(policies / "ladder.yaml", Ladder)
