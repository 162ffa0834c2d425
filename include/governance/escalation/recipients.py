"""Who hears it now: owners are resolved again at every run, because people change faster than requests."""

from __future__ import annotations

import re
from dataclasses import dataclass

from governance.escalation.ladder import Audience, Ladder
from governance.register.ownership import Match, OwnershipPolicy, OwnershipRule, Subject

_ADDRESS = re.compile(r"[^@\s<>(),;:\"\\]+@[^@\s<>(),;:\"\\]+")
_ACCOUNT = re.compile(r"account/(\d{12})(?:/|$)")


@dataclass(frozen=True)
class Accountable:
    """Who decides a request, and the rule that lends zone, calendar and manager."""

    owner: str
    rule: OwnershipRule

    def address(self, audience: Audience, ladder: Ladder) -> str:
        """Return the address of an audience of this request."""
        if audience == "owner":
            return self.owner
        return self.rule.manager if audience == "manager" else ladder.escalation_authority


def accountable(
    policy: OwnershipPolicy,
    *,
    owner: str | None,
    owner_rule: str | None,
    target_type: str | None,
    target: str | None,
) -> Accountable:
    """Return who is accountable today for a request with these columns of the register.

    Today's policy decides. The rule that decided at intake tells what the target alone does not: the
    control, OU or account the request is under. An owner whom the source named keeps the request.
    """
    named_by_source = owner_rule is None and owner not in (None, policy.authority.accountable)
    if named_by_source and owner is not None and _ADDRESS.fullmatch(owner):
        return Accountable(owner, policy.rule_of(owner))
    under = next((known.match for known in policy.owners if known.name == owner_rule), Match())
    account = _ACCOUNT.match(target or "")
    rule = policy.resolve(
        Subject(
            target_type=target_type or under.target_type,
            path=target,
            account=account[1] if account else under.account,
            control=under.control,
            ou=under.ou,
        )
    )
    return Accountable(rule.accountable, rule)


def zone_of(policy: OwnershipPolicy, recipient: str) -> str:
    """Return the time zone of a recipient's own rule, else of one they manage, else the authority's."""
    rules = [rule for rule in policy.owners if rule.accountable == recipient]
    rules += [rule for rule in policy.owners if rule.manager == recipient]
    return (rules or [policy.authority])[0].timezone
