"""Changes and additions as they go through the mechanism, without anything wrong in them."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from governance.sandbox.scenario import flow, people
from governance.sandbox.scenario.model import NOW, Ticket
from governance.sandbox.scenario.texts import fill, templates
from governance.sandbox.world import Account

Step = tuple[datetime, str, str]

_RISKS = {"change": ((0.34, 0.42, 0.19, 0.05)), "addition": ((0.52, 0.36, 0.1, 0.02))}
_LEVELS = ("low", "medium", "high", "critical")
_STUCK_SINCE = NOW - timedelta(days=44)
_STUCK = 0.33
"""Share of recent requests that nobody has decided yet."""
_UNITS = ("Sandbox", "Workloads/NonProd", "Workloads/Prod", "Workloads")


class TicketDesk:
    """Draws tickets; titles do not repeat within one desk while the templates allow it."""

    def __init__(self, random: Random, accounts: tuple[Account, ...]) -> None:
        self.random = random
        self.accounts = [a for a in accounts if a.state == "ACTIVE" and 10 <= int(a.id[-2:]) <= 50]
        self.titles: set[str] = set()

    def change(self, submitted: datetime) -> Ticket:
        """Return a change submitted at `submitted`, as far as it got until NOW."""
        return self._ticket("change", templates("changes"), submitted)

    def addition(self, submitted: datetime, via: str) -> Ticket:
        """Return an addition that came by way of `via` (jira or csv)."""
        return self._ticket("addition", [t for t in templates("additions") if t["via"] == via], submitted)

    def _ticket(self, kind: Any, choice: Any, submitted: datetime) -> Ticket:
        for _ in range(40):
            template, account = self.random.choice(choice), self.random.choice(self.accounts)
            words = self._words(template, account)
            title = fill(template["title"], **words)
            if title not in self.titles:
                break
        self.titles.add(title)
        return self._filled(kind, template, account, words, submitted)

    def _words(self, template: dict[str, Any], account: Account) -> dict[str, str]:
        return {
            "subject": self.random.choice(template["subjects"]),
            "account": account.name,
            "id": account.id,
            "team": self.random.choice(people.TEAMS),
            "env": self.random.choice(("dev", "test", "prod")),
            "ou": self.random.choice(_UNITS),
        }

    def _filled(
        self,
        kind: Any,
        template: dict[str, Any],
        account: Account,
        words: dict[str, str],
        submitted: datetime,
    ) -> Ticket:
        texts = {
            name: fill(template[name], **words)
            for name in ("title", "description", "benefit", "risk", "denied")
        }
        risk_level = self.random.choices(_LEVELS, _RISKS[kind])[0]
        target = fill(template.get("target", "account/{id}"), **words).replace(" ", "-")
        kind_of_target = template.get("target_type", "resource")
        ticket = Ticket(
            kind=kind, title=texts["title"], description=texts["description"],
            target_type=kind_of_target, target=target, account=account.id,
            requester=people.requester(self.random), approver=people.decider_of(target, kind_of_target),
            assignee=self.random.choice(people.ENGINEERS), risk_level=risk_level, benefit=texts["benefit"],
            risk=texts["risk"], risk_if_denied=texts["denied"], steps=[], thing_type=template.get("type"),
            thing=fill(template.get("thing", {}), **words), runbook=template.get("runbook"),
            window=flow.evening(self.random, submitted) if kind == "change" else None,
        )  # fmt: skip
        ticket.steps = until_now(self._life(ticket, submitted))
        return ticket

    def _life(self, ticket: Ticket, submitted: datetime) -> list[Step]:
        draw = self.random.random
        steps: list[Step] = [(submitted, "submitted", ticket.requester)]
        hours = max(0.5, flow.decision_hours(self.random, ticket.risk_level, submitted))
        stuck = submitted > _STUCK_SINCE and draw() < _STUCK
        if draw() < 0.16:
            steps.append((flow.after(submitted, hours * 0.2), "needs_information", ticket.approver))
            hours *= 1.6
        if draw() < 0.85 or len(steps) > 1:
            steps.append((flow.after(submitted, hours * 0.55), "in_review", ticket.approver))
        if stuck:
            return steps
        decided = flow.after(submitted, hours)
        outcome = draw()
        if outcome < 0.08:
            return [*steps, (decided, "withdrawn", ticket.requester)]
        if outcome < 0.2:
            return [*steps, (decided, "rejected", ticket.approver), *self._resubmission(ticket, decided)]
        return [*steps, (decided, "approved", ticket.approver), *self._delivery(ticket, decided)]

    def _resubmission(self, ticket: Ticket, rejected: datetime) -> list[Step]:
        if ticket.thing_type or self.random.random() > 0.25:
            return []
        again = flow.after(rejected, 12)
        decided = flow.after(again, 7)
        return [
            (again, "submitted", ticket.requester),
            (decided, "approved", ticket.approver),
            *self._delivery(ticket, decided),
        ]

    def _delivery(self, ticket: Ticket, decided: datetime) -> list[Step]:
        draw = self.random.random
        begun = flow.after(decided, 3 + 30 * draw())
        if ticket.window and ticket.window[0] > begun:
            begun = ticket.window[0]
        done = flow.after(begun, 2 + 40 * draw() * (0.1 if ticket.window else 1))
        steps: list[Step] = [(begun, "in_progress", ticket.assignee)] if draw() < 0.85 else []
        if steps and draw() < 0.04:
            steps += [
                (done, "failed", ticket.assignee),
                (flow.after(done, 6), "in_progress", ticket.assignee),
            ]
            done = flow.after(done, 14)
        steps.append((done, "fulfilled", ticket.assignee))
        if draw() < 0.7:
            steps.append((flow.after(done, 8 + 40 * draw()), "closed", ticket.requester))
        return steps


def until_now(steps: list[Step]) -> list[Step]:
    """Cut off the future, and keep two steps from falling on the same minute."""
    kept: list[Step] = []
    for at, status, who in steps:
        moment = max(at, kept[-1][0] + timedelta(minutes=2)) if kept else at
        if moment > NOW - timedelta(minutes=15):
            break
        kept.append((moment, status, who))
    return kept
