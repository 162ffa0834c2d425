"""Exceptions as they are asked for, decided, used, renewed and forgotten."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from governance.sandbox.scenario import flow, organization, people, rules
from governance.sandbox.scenario.estate import Estate
from governance.sandbox.scenario.model import BERLIN, NOW, ExceptionEntry
from governance.sandbox.scenario.texts import fill, templates
from governance.sandbox.world import Account, Rule

Scope = dict[str, Any]

MAXIMUM_DAYS = {"low": 330, "medium": 240, "high": 150, "critical": 80}
_WIDEST = 700
"""Evaluations one everyday exception may speak about."""
_UNITS = (
    "Workloads",
    "Workloads/NonProd",
    "Workloads/Prod",
    "Workloads/Prod/Payments",
    "Infrastructure",
    "Security",
)


def midnight(at: datetime, days: int = 0) -> datetime:
    """Midnight in Berlin, `days` days after the day on which `at` falls there."""
    return datetime.combine(at.astimezone(BERLIN).date() + timedelta(days=days), time(), BERLIN)


class ExceptionDesk:
    """Draws exceptions; each speaks about evaluations that no other one was told about."""

    def __init__(
        self, random: Random, estate: Estate, accounts: tuple[Account, ...], config_rules: tuple[Rule, ...]
    ) -> None:
        self.random = random
        self.estate = estate
        self.names = {account.id: account.name for account in accounts}
        healthy = [a for a in accounts if a.state == "ACTIVE" and a.id not in organization.UNHEALTHY]
        self.accounts = [a.id for a in healthy if a.id not in organization.MOVED]
        self.types = {rule.name: rule.resource_types for rule in config_rules}
        self.drawn = 0

    def everyday(self, requested: datetime) -> ExceptionEntry | None:
        """Return an exception requested at `requested`, or None where no place for it was found."""
        for _ in range(30):
            template = self.random.choice(templates("exceptions"))
            scopes, target, account = self._scope(template["rule"])
            mask = self.estate.select(scopes)
            if mask.any() and not (mask & self.estate.reserved).any() and mask.sum() <= _WIDEST:
                self.estate.reserved |= mask
                return self._decide(self.entry(template, account, scopes, target), requested)
        return None

    def entry(
        self, template: dict[str, Any], account: str, scopes: list[Scope], target: str
    ) -> ExceptionEntry:
        """Return an entry with the texts of `template`, asked for at NOW and not decided."""
        self.drawn += 1
        place = self.names.get(account, target.removeprefix("ou/").replace("account/", "account "))
        words = {
            "workload": self.random.choice(template["workloads"]),
            "account": place,
            "region": "eu-central-1",
        }
        text = {
            name: fill(template[name], **words) for name in ("title", "reason", "benefit", "risk", "denied")
        }
        return ExceptionEntry(
            label=f"everyday-{self.drawn}",
            title=text["title"],
            reason=text["reason"],
            benefit=text["benefit"],
            risk=text["risk"],
            risk_if_denied=text["denied"],
            category=template["category"],
            risk_level=self.random.choice(template["risks"]),
            requester=people.requester(self.random),
            approver=None,
            status="requested",
            target=target,
            requested=NOW,
            decided=None,
            updated=NOW,
            valid_from=midnight(NOW),
            valid_until=midnight(NOW, 90),
            scopes=scopes,
            control=template["control"],
        )

    def renewal(self, old: ExceptionEntry) -> ExceptionEntry:
        """Return the renewal of an exception that ended, for as long again as its risk allows."""
        self.drawn += 1
        requested = old.valid_until - timedelta(days=self.random.randint(12, 25), hours=-10)
        decided = requested + timedelta(days=self.random.randint(2, 6))
        return replace(
            old,
            label=f"renewal-{self.drawn}",
            title=f"Renewal: {old.title}",
            requested=requested,
            decided=decided,
            updated=decided,
            valid_from=old.valid_until,
            renews=old.label,
            scopes=deepcopy(old.scopes),
            requester=people.requester(self.random),
            valid_until=midnight(old.valid_until, MAXIMUM_DAYS[old.risk_level]),
        )

    @staticmethod
    def approver_of(entry: ExceptionEntry) -> str:
        """Who decides: the owner of what the exception is about."""
        return people.decider_of(entry.target, scopes=json.dumps(entry.scopes))

    def _decide(self, entry: ExceptionEntry, requested: datetime) -> ExceptionEntry:
        draw = self.random.random
        decided = flow.after(
            requested, max(3.0, flow.decision_hours(self.random, entry.risk_level, requested))
        )
        stuck = requested > NOW - timedelta(days=44) and draw() < 0.3
        lifetime = round(MAXIMUM_DAYS[entry.risk_level] * (0.45 + 0.55 * draw()))
        start = midnight(max(decided, requested), self.random.randint(1, 3))
        entry = replace(
            entry,
            requested=requested,
            updated=requested,
            valid_from=start,
            valid_until=midnight(start, lifetime),
        )
        if stuck or decided > NOW - timedelta(hours=1):
            looked_at = flow.after(requested, 1)
            in_review = looked_at < NOW - timedelta(hours=1) and draw() < 0.7
            return replace(entry, status="in review", updated=looked_at) if in_review else entry
        outcome = draw()
        if outcome < 0.05:
            return replace(entry, status="withdrawn", updated=decided)
        status = "refused" if outcome < 0.14 else "approved"
        entry = replace(
            entry, status=status, decided=decided, updated=decided, approver=self.approver_of(entry)
        )
        revoked = flow.after(decided, 8 * self.random.randint(15, 60))
        if status == "approved" and draw() < 0.04 and revoked < min(NOW, entry.valid_until):
            return replace(entry, status="revoked", updated=revoked)
        return entry

    def _scope(self, rule: str) -> tuple[list[Scope], str, str]:
        """Draw what an exception to `rule` speaks about: (scopes, target, account or '')."""
        style = self.random.random()
        if style < 0.12:
            unit = self.random.choice(_UNITS)
            return [{"ou": [unit], "rule": [rule]}], f"ou/{unit}", ""
        account = self.random.choice(self.accounts)
        scope: Scope = {"account": [account], "rule": [rule]}
        if style < 0.3:
            others = [a for a in self.accounts if a[-2] == account[-2]]
            scope["account"] = sorted({account, *self.random.sample(others, min(3, len(others)))})
        elif style < 0.45 and not set(self.types[rule]) & set(rules.GLOBAL_TYPES):
            scope["region"] = [self.random.choice(organization.REGIONS)]
        elif style < 0.62:
            return self._one_resource(scope, account)
        return [scope], f"account/{account}", account

    def _one_resource(self, scope: Scope, account: str) -> tuple[list[Scope], str, str]:
        places = self.estate.select([scope]).nonzero()[0]
        resource = self.estate.keys[self.random.choice(list(places))][3]
        target = f"account/{account}/{resource.rsplit('/', 1)[-1]}"
        return [{**scope, "resource": [resource]}], target, account
