"""How exceptions with a known verdict are planted: scope, validity, and what is non-compliant under them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from governance.sandbox.scenario.deviations import Deviations
from governance.sandbox.scenario.exceptions import ExceptionDesk, Scope, midnight
from governance.sandbox.scenario.model import NOW, YAML, ExceptionEntry, Planted
from governance.sandbox.scenario.texts import templates


def account(number: int) -> str:
    """Return the id of account `number`."""
    return f"1{number:011d}"


def on(number: int, rule: str, **more: Any) -> Scope:
    """Return the scope of one rule in one account."""
    return {"account": [account(number)], "rule": [rule], **more}


@dataclass(frozen=True)
class Case:
    """An exception to plant: valid for `days` around today, with so many of its items NON_COMPLIANT.

    `text` names the rule whose words are used, where the scope's own rule has none.
    """

    label: str
    verdict: str | None
    scopes: list[Scope]
    why: str
    noncompliant: int = 0
    days: tuple[int, int] = (-60, 60)
    won: int | None = None
    status: str = "approved"
    text: str = ""


@dataclass
class ExceptionPlot:
    """Plants exceptions one by one; what they speak about is reserved, so that nothing else covers it."""

    desk: ExceptionDesk
    deviations: Deviations
    entries: list[ExceptionEntry] = field(default_factory=list)

    def add(self, case: Case) -> None:
        """Plant one case."""
        self.entries.append(self._entry(case))
        estate = self.desk.estate
        mask = estate.select(case.scopes)
        chosen = self.desk.random.sample(list(mask.nonzero()[0]), case.noncompliant)
        estate.noncompliant[chosen] = True
        estate.reserved |= mask

    def deviate(self, label: str, scope: Scope, number: int, why: str) -> None:
        """Make `number` evaluations in `scope` NON_COMPLIANT that the exception `label` does not cover."""
        if number:
            self.deviations.plant(f"{label}-deviation", [scope], number, why)

    def resources(self, scope: Scope) -> list[str]:
        """Return the ids of what `scope` speaks about, sorted."""
        estate = self.desk.estate
        return sorted(set(estate.columns["resource"][estate.select([scope])]))

    def _entry(self, case: Case) -> ExceptionEntry:
        number = str(case.scopes[0].get("account", [""])[0])
        target = f"account/{number}" if number else f"ou/{case.scopes[0]['ou'][0]}"
        entry = self.desk.entry(self._template(case), number, case.scopes, target)
        start = midnight(NOW, case.days[0])
        requested = min(start, midnight(NOW)) - timedelta(days=9, hours=-10)
        decided = requested + timedelta(days=4) if case.status in ("approved", "refused", "revoked") else None
        answer = Planted(
            case.label, entry.title, "verdict", case.why, YAML, verdict=case.verdict, won=case.won
        )
        return replace(
            entry,
            label=case.label,
            status=case.status,
            requested=requested,
            decided=decided,
            approver=self.desk.approver_of(entry) if decided else None,
            updated=decided or requested,
            valid_from=start,
            valid_until=midnight(NOW, case.days[1]),
            planted=(answer,) if case.verdict else (),
            risk_level="low" if case.days[1] - case.days[0] > 200 else "medium",
        )

    def _template(self, case: Case) -> dict[str, Any]:
        by_rule = {template["rule"]: template for template in templates("exceptions")}
        named = case.text or str(case.scopes[0].get("rule", [""])[0])
        return by_rule.get(named) or by_rule["required-tags-cost-center"]
