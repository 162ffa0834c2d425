"""Exceptions whose request, not whose scope, has a known answer: overdue, bypassed, owned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from governance.sandbox.scenario import people
from governance.sandbox.scenario.exceptions import ExceptionDesk, Scope, midnight
from governance.sandbox.scenario.model import YAML, ExceptionEntry, Planted
from governance.sandbox.scenario.planted_tickets import berlin
from governance.sandbox.scenario.texts import templates


def plant(desk: ExceptionDesk) -> list[ExceptionEntry]:
    """Return the planted requests; their scopes are reserved and compliant."""
    return [*_overdue(desk), *_bypassed(desk)]


def _entry(desk: ExceptionDesk, account: int, rule: str, planted: Planted) -> ExceptionEntry:
    number = f"1{account:011d}"
    scopes: list[Scope] = [{"account": [number], "rule": [rule]}]
    template = next(template for template in templates("exceptions") if template["rule"] == rule)
    desk.estate.reserved |= desk.estate.select(scopes)
    entry = desk.entry(template, number, scopes, f"account/{number}")
    answer = replace(planted, source=YAML, title=entry.title)
    return replace(entry, label=planted.case, planted=(answer,))


def _overdue(desk: ExceptionDesk) -> list[ExceptionEntry]:
    cases = (
        ("exception-reminder", "reminder", people.PLATFORM, 4, "low", "eight of ten business days are gone"),
        (
            "exception-overdue",
            "overdue",
            people.HEAD_OF_PLATFORM,
            5,
            "medium",
            "56 business hours, agreed are 40",
        ),
        ("exception-escalation", "escalation", people.BOARD, -12, "high", "four weeks, agreed are two days"),
    )
    found = []
    for account, (case, rung, recipient, day, risk, why) in enumerate(cases, start=24):
        planted = Planted(case, "", "email", why, clock="decision", rung=rung, recipient=recipient)
        entry = _entry(desk, account if account != 25 else 28, "restricted-ssh", planted)
        requested = berlin(11, 1) + timedelta(days=day - 1)
        found.append(
            replace(
                entry,
                requested=requested,
                updated=requested,
                risk_level=risk,
                status="in review",
                valid_from=midnight(requested, 30),
                valid_until=midnight(requested, 100),
            )
        )
    return found


def _bypassed(desk: ExceptionDesk) -> list[ExceptionEntry]:
    """Over by now, and clean: only the way they were decided is wrong."""

    def bypassed(case: str, account: int, why: str) -> ExceptionEntry:
        planted = Planted(case, "", "finding", why, finding_type="PROCESS_BYPASS")
        entry = _entry(desk, account, "vpc-default-security-group-closed", planted)
        requested = berlin(4, 14, 10)
        return replace(
            entry,
            requested=requested,
            decided=requested,
            updated=requested + timedelta(hours=4),
            status="approved",
            approver=desk.approver_of(entry),
            risk_level="low",
            valid_from=midnight(requested, 2),
            valid_until=midnight(requested, 120),
        )

    own = bypassed("exception-self-approved", 33, "whoever asked also approved")
    early = bypassed("exception-approved-before-asked", 21, "decided five days before it was asked for")
    return [
        replace(own, requester=own.approver or ""),
        replace(early, decided=early.requested - timedelta(days=5)),
    ]
