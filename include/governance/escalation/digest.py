"""One digest per recipient and run: who hears of which requests, in which role."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import sha256

from governance.escalation.due import Due
from governance.escalation.ladder import Audience
from governance.escalation.policies import Policies

ROLES: tuple[Audience, ...] = ("owner", "manager", "escalation_authority")


@dataclass
class Digest:
    """What one recipient hears in one run. A request appears once: as what they can do most about."""

    recipient: str
    by_role: dict[Audience, list[Due]] = field(default_factory=lambda: defaultdict(list))

    @property
    def items(self) -> list[Due]:
        """Every request in it, in the order of roles."""
        return [item for role in ROLES for item in self.by_role[role]]

    @property
    def key(self) -> str:
        """What makes it the same message for ever: its recipient and the ledger entries it speaks of."""
        entries = " ".join(sorted(item.key() for item in self.items))
        return f"digest {self.recipient} {sha256(entries.encode()).hexdigest()}"

    @property
    def urgency(self) -> tuple[float, float]:
        """Sort key; larger is more urgent."""
        return max((item.tell.rung.at_percent, item.overdue) for item in self.items)


def digests(found: list[Due], policies: Policies) -> list[Digest]:
    """Return one digest for everybody who has something to hear, the most urgent first."""
    by_recipient: dict[str, Digest] = {}
    for item in found:
        for role, recipient in _hearers(item, policies).items():
            by_recipient.setdefault(recipient, Digest(recipient)).by_role[role].append(item)
    return sorted(
        by_recipient.values(), key=lambda digest: (*(-part for part in digest.urgency), digest.recipient)
    )


def _hearers(item: Due, policies: Policies) -> dict[Audience, str]:
    """Return role and address of everybody who hears of `item`, each person once."""
    roles = {item.tell.rung.audience, *item.tell.rung.informed}
    found: dict[Audience, str] = {}
    for role in (role for role in ROLES if role in roles):
        address = item.who.address(role, policies.ladder)
        if address not in found.values():
            found[role] = address
    return found
