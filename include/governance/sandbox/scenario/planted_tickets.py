"""Changes and additions with a known answer: what is overdue, what only looks so, what was bypassed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from governance.sandbox.scenario import people
from governance.sandbox.scenario.model import BERLIN, CSV, JIRA, Planted, Ticket
from governance.sandbox.scenario.tickets import TicketDesk

PLATFORM_ACCOUNT, PAYMENTS_ACCOUNT, UNOWNED_ACCOUNT = "100000000022", "100000000034", "100000000060"


def berlin(month: int, day: int, hour: int = 9, minute: int = 0, year: int = 2026) -> datetime:
    """An instant of 2026 by the clock in Berlin, in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


@dataclass
class TicketPlot:
    """Plants tickets; `jira` and `csv` collect them by the source they come through."""

    desk: TicketDesk
    jira: list[Ticket]
    csv: list[Ticket]

    def add(
        self,
        source: str,
        expected: Planted,
        steps: list[tuple[datetime, str]],
        *,
        account: str = PLATFORM_ACCOUNT,
        risk: str = "medium",
        **traits: Any,
    ) -> Ticket:
        """Plant one ticket that went through `steps`."""
        submitted = steps[0][0]
        drawn = self.desk.addition(submitted, "csv") if source == CSV else self.desk.change(submitted)
        ticket = replace(
            drawn,
            account=account,
            target=f"account/{account}",
            target_type="resource",
            risk_level=risk,
            title=self._moved(drawn.title, drawn.account, account),
            description=self._moved(drawn.description, drawn.account, account),
            thing={key: value.replace(drawn.account, account) for key, value in drawn.thing.items()},
        )
        ticket = replace(ticket, **traits)
        if "approver" not in traits:
            ticket = replace(ticket, approver=people.decider_of(ticket.target, ticket.target_type))
        who = {"submitted": ticket.requester, "withdrawn": ticket.requester}
        worker = {"in_progress", "fulfilled", "closed", "failed"}
        actor = dict.fromkeys(worker, ticket.assignee) | who
        ticket.steps = [(at, status, actor.get(status, ticket.approver)) for at, status in steps]
        ticket.planted = (replace(expected, source=source, title=expected.title or ticket.title),)
        (self.csv if source == CSV else self.jira).append(ticket)
        return ticket

    def _moved(self, text: str, before: str, after: str) -> str:
        """The text with the name of one account put in place of the other's."""
        names = {account.id: account.name for account in self.desk.accounts}
        return text.replace(names[before], names.get(after, "acquired-brightline"))


def plant(plot: TicketPlot) -> None:
    """Plant every ticket with a known answer."""
    for source, name, rung, recipient, at, risk, account, why in _OVERDUE:
        answer = Planted(name, "", "email", why, clock="decision", rung=rung, recipient=recipient)
        steps = [(at, "submitted"), (at + timedelta(hours=2), "in_review")]
        plot.add(source, answer, steps, risk=risk, account=account)
    for source, name, risk, steps, why in _NOT_OVERDUE:
        plot.add(source, Planted(name, "", "no_email", why, clock="decision"), steps, risk=risk)
    for source, name, steps, traits, why in _BYPASSED:
        plot.add(source, Planted(name, "", "finding", why, finding_type="PROCESS_BYPASS"), steps, **traits)
    for day, (name, target, recipient, traits, why) in enumerate(_OWNED, start=12):
        answer = Planted(name, "", "owner", why, recipient=recipient, owned=recipient != people.AUTHORITY)
        steps = [(berlin(5, day, hour), status) for hour, status in _AN_ORDINARY_DAY]
        plot.add(JIRA, answer, steps, target=target, **traits)
    foreign = Planted("approved-by-another", "", "finding", _FOREIGN, finding_type="PROCESS_BYPASS")
    plot.add(JIRA, foreign, _SELF_APPROVED, approver=people.SANDBOX)


_OVERDUE = (
    (JIRA, "reminder-low", "reminder", people.PLATFORM, berlin(11, 3, 13), "low", PLATFORM_ACCOUNT,
     "8.5 of 10 business days are gone"),
    (CSV, "reminder-medium", "reminder", people.PLATFORM, berlin(11, 9, 16), "medium", PLATFORM_ACCOUNT,
     "33 of 40 business hours are gone"),
    (JIRA, "overdue-medium", "overdue", people.HEAD_OF_PLATFORM, berlin(11, 4, 13), "medium",
     PLATFORM_ACCOUNT, "60 business hours, agreed are 40"),
    (CSV, "overdue-high", "overdue", people.HEAD_OF_PLATFORM, berlin(11, 11, 14), "high", PLATFORM_ACCOUNT,
     "19 business hours, agreed are 16"),
    (JIRA, "overdue-elsewhere", "overdue", people.HEAD_OF_PAYMENTS, berlin(11, 4, 14), "medium",
     PAYMENTS_ACCOUNT, "payments decide on a clock an hour behind: some 58 business hours, agreed are 40"),
    (JIRA, "escalation-critical", "escalation", people.BOARD, berlin(11, 9, 10), "critical", PLATFORM_ACCOUNT,
     "a week, agreed is a day"),
    (CSV, "escalation-low", "escalation", people.BOARD, berlin(9, 21, 10), "low", PLATFORM_ACCOUNT,
     "eight weeks, agreed are two"),
    (JIRA, "escalation-payments", "escalation", people.BOARD, berlin(10, 12, 11), "medium", PAYMENTS_ACCOUNT,
     "five weeks, agreed is one"),
)  # fmt: skip

_FOREIGN = "the lead of the sandboxes approved what the platform's lead is accountable for"
_STOPS = "waiting on the requester stops the clock: four of 40 hours are gone"
_NOT_OVERDUE = (
    (JIRA, "waiting-for-requester", "medium",
     [(berlin(10, 5, 10), "submitted"), (berlin(10, 5, 14), "needs_information")], _STOPS),
    (CSV, "waiting-for-requester-csv", "medium",
     [(berlin(10, 12, 10), "submitted"), (berlin(10, 12, 14), "needs_information")], _STOPS),
    (JIRA, "over-the-weekend", "critical", [(berlin(11, 13, 16, 30), "submitted")],
     "critical, but only half a business hour is gone since Friday 16:30"),
    (JIRA, "asked-on-friday", "low",
     [(berlin(11, 13, 9, 30), "submitted"), (berlin(11, 13, 11), "in_review")],
     "one of ten business days is gone"),
    (JIRA, "asked-again", "low",
     [(berlin(9, 1, 10), "submitted"), (berlin(9, 3, 10), "rejected"), (berlin(11, 12, 10), "submitted")],
     "rejected in September and asked again on Thursday: the clock began anew"),
    (JIRA, "withdrawn-undecided", "medium",
     [(berlin(9, 1, 10), "submitted"), (berlin(10, 19, 9), "withdrawn")],
     "withdrawn: nobody has to decide any more"),
    (CSV, "decided-late", "medium", [(berlin(9, 14, 10), "submitted"), (berlin(11, 12, 15), "approved")],
     "decided, though late"),
)  # fmt: skip

_SELF_APPROVED = [
    (berlin(6, 16, 9), "submitted"),
    (berlin(6, 16, 13), "approved"),
    (berlin(6, 18, 9), "fulfilled"),
]
_BYPASSED: tuple[tuple[str, str, list[tuple[datetime, str]], dict[str, Any], str], ...] = (
    (JIRA, "never-approved", [(berlin(8, 3, 10), "submitted"), (berlin(8, 4, 12), "fulfilled")], {},
     "fulfilled, and never approved"),
    (JIRA, "never-approved-but-worked-on",
     [(berlin(8, 5, 12), "submitted"), (berlin(8, 5, 15), "in_progress"), (berlin(8, 6, 13), "fulfilled")],
     {}, "worked on and fulfilled, and never approved"),
    (CSV, "never-approved-csv", [(berlin(7, 7, 9), "submitted"), (berlin(7, 9, 15), "fulfilled")], {},
     "fulfilled, and never approved"),
    (JIRA, "self-approved", _SELF_APPROVED, {"requester": people.PLATFORM}, "whoever asked also approved"),
    (CSV, "self-approved-csv", _SELF_APPROVED, {"requester": people.PLATFORM}, "whoever asked approved"),
    (CSV, "approved-before-asked", [(berlin(10, 6, 11), "submitted"), (berlin(10, 8, 9), "approved")],
     {"defect": "decided-before-submitted"}, "the decision is dated four days before the submission"),
)  # fmt: skip

_AN_ORDINARY_DAY = ((10, "submitted"), (13, "approved"), (15, "fulfilled"))
_OWNED: tuple[tuple[str, str, str, dict[str, Any], str], ...] = (
    ("owner-by-account", f"account/{PAYMENTS_ACCOUNT}/rds/ledger-prod", people.PAYMENTS,
     {"account": PAYMENTS_ACCOUNT}, "accounts 30 to 39 are payments"),
    ("owner-by-path", f"account/{PAYMENTS_ACCOUNT}/firewall/egress", people.NETWORK,
     {"account": PAYMENTS_ACCOUNT}, "a path tells more than an account: firewalls belong to the network"),
    ("owner-exact-account", "account/100000000025/s3/raw-clickstream", people.DATA,
     {"account": "100000000025"}, "the data lake is data's, though its neighbours are the platform's"),
    ("owner-of-procedure", "procedure/deployment/payments", people.PAYMENTS,
     {"target_type": "procedure"}, "a procedure is owned by path"),
    ("owner-nobody", f"account/{UNOWNED_ACCOUNT}/ec2/imports", people.AUTHORITY,
     {"account": UNOWNED_ACCOUNT}, "an acquired account in no unit: nothing matches"),
    ("owner-nobody-process", "process/vendor-onboarding", people.AUTHORITY,
     {"target_type": "process"}, "no rule names this process"),
)  # fmt: skip
