"""Requests that came twice: filed with the landing zone, then once more in Jira."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from governance.sandbox.scenario import jira_issues, people
from governance.sandbox.scenario.model import JIRA, NOW, Planted, Ticket

_UNDECIDED = ("submitted", "needs_information", "in_review")


def plant(random: Random, issues: list[jira_issues.Issue], tickets: list[Ticket]) -> list[Planted]:
    """Append to `issues` second requests for what the two newest undecided of `tickets` ask for.

    `tickets` are in the order in which the landing zone numbers them.
    """
    numbered = [(number, ticket) for number, ticket in enumerate(tickets, start=1) if _is_plain(ticket)]
    (number, first), (_, second) = numbered[-2:]
    named = replace(
        first,
        title=f"Please hurry: {first.title}",
        description=f"Asked for again on behalf of the team. Duplicate of LZ-{number:04d}.",
        requester=next(who for who in people.ENGINEERS if who != first.requester),
    )
    shouted = replace(second, title=f"{second.title.upper()}!")
    answers = [
        _again(random, issues, named, "named-twin", f"it names LZ-{number:04d}"),
        _again(random, issues, shouted, "asked-twice", "same title, target, requester"),
    ]
    return [replace(answer, finding_type="DUPLICATE_REQUEST") for answer in answers]


def _is_plain(ticket: Ticket) -> bool:
    return ticket.steps[-1][1] in _UNDECIDED and ticket.defect is None and not ticket.planted


def _again(random: Random, issues: list[jira_issues.Issue], ticket: Ticket, case: str, why: str) -> Planted:
    """Write the ticket down as an issue submitted two days later."""
    at = min(ticket.submitted_at + timedelta(days=2, hours=3), NOW - timedelta(hours=1))
    target = f"account/{ticket.account}"
    steps = [(at, "submitted", ticket.requester)]
    told = replace(ticket, target=target, target_type="resource", steps=steps)
    issue = jira_issues.write_one(random, len(issues) + 1, told)
    issues.append(issue)
    return Planted(case, told.title, "finding", f"the landing zone has it already: {why}", JIRA, issue["key"])
