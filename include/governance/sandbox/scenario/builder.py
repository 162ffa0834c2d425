"""Put a scenario together. The order matters: what is planted is told first, everyday life around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import cache
from random import Random

import numpy as np

from governance.sandbox.scenario import (
    code_requests,
    deviations,
    estate,
    flow,
    gaps,
    growth,
    guarded,
    jira_issues,
    landing_zone,
    mailbox,
    malformed,
    offices,
    organization,
    planes,
    planted_covers,
    planted_requests,
    planted_tickets,
    planted_voids,
    programmes,
    promises,
    registers,
    resource_tags,
    rules,
    service_desk,
    submissions,
    twins,
)
from governance.sandbox.scenario.exception_plot import ExceptionPlot
from governance.sandbox.scenario.exceptions import ExceptionDesk
from governance.sandbox.scenario.model import (
    CSV,
    JIRA,
    NOW,
    SEED,
    YAML,
    ExceptionEntry,
    Planted,
    Scenario,
    Ticket,
)
from governance.sandbox.scenario.tickets import TicketDesk
from governance.sandbox.world import Account, World

CHANGES, JIRA_ADDITIONS, CSV_ADDITIONS, EXCEPTIONS = 190, 80, 125, 92
"""Everyday requests; the planted ones come on top."""
NONCOMPLIANT = 3600
"""Non-compliant evaluations that everyday exceptions cover."""


@cache
def build(seed: int = SEED) -> Scenario:
    """Return the scenario of a seed: the same for the same seed, byte for byte. Treat it as read-only."""
    random = Random(seed)  # noqa: S311 (a story, not a secret)
    accounts, config_rules = organization.accounts(), rules.rules()
    things = estate.build(random, accounts, config_rules)
    found = deviations.Deviations(random, things)
    desk = ExceptionDesk(random, things, accounts, config_rules)
    things.reserved |= things.select([{"rule": [gaps.FAILING_RULE]}])
    entries = _exceptions(random, desk, found)
    numbers = np.random.default_rng(seed)
    deviations.spread(numbers, things, [e for e in entries if e.is_live and not e.planted], NONCOMPLIANT)
    found.everyday(deviations.EVERYDAY)
    deviations.join_regions(things)
    jira, csv = _tickets(random, TicketDesk(random, accounts))
    issues, answers_jira = _issues(random, jira)
    drops, answers_csv = _drops(csv)
    texts, answers_yaml = _registers(random, entries)
    answers_twins = twins.plant(Random(seed + 2), issues, csv)  # noqa: S311 (a story, not a secret)
    world = World(
        organization_id=organization.ORGANIZATION, root_id=organization.ROOT,
        management_account=organization.MANAGEMENT, home_region=organization.HOME,
        aggregator="organization-aggregator", regions=organization.REGIONS, units=organization.UNITS,
        accounts=accounts, policies=organization.policies(), rules=config_rules,
        evaluations=things.frame(numbers), rule_status=gaps.rule_status(numbers, accounts, config_rules),
        recorders=gaps.recorders(accounts), now=NOW,
    )  # fmt: skip
    planted = [*answers_yaml, *found.planted, found.total(), *answers_jira, *answers_csv, *malformed.totals()]
    planted += answers_twins
    others, answers_others = planes.build(seed, world, entries, _numbers(entries))
    world = replace(
        world, policies=(*world.policies, *planes.policies()), planes=others,
        tags=resource_tags.tags(world.evaluations, accounts),
    )  # fmt: skip
    others, guards, answers_guarded = guarded.build(world, others)
    world = replace(world, planes=others)
    grown, answers_grown = growth.build(world)
    planted += [*answers_others, *answers_guarded, *answers_grown]
    told = Scenario(world, issues, drops, {**texts, **guards, **grown}, planted)
    return _with_later_sources(told, seed, accounts)


def _with_later_sources(told: Scenario, seed: int, accounts: tuple[Account, ...]) -> Scenario:
    """Add the sources that came later; nothing that was told before changes."""
    desk_of = service_desk.build(*_later(seed + 31, accounts))
    code = code_requests.build(*_later(seed + 32, accounts))
    letters, answers_mail = mailbox.write()
    submitted, answers_form = submissions.write(seed)
    issues, answers_promises = promises.issues(Random(seed + 41), len(told.jira_issues))  # noqa: S311 (a story)
    files, answers_files = offices.build()
    answers = [*desk_of.planted, *code.planted, *answers_mail, *answers_form, *answers_files]
    answers += answers_promises
    return replace(
        told, planted=[*told.planted, *answers], jira_issues=[*told.jira_issues, *issues],
        servicenow_tables=desk_of.tables, github_issues=code.issues, mailbox=letters, submissions=submitted,
        office_files=files,
    )  # fmt: skip


def _later(seed: int, accounts: tuple[Account, ...]) -> tuple[Random, TicketDesk]:
    """Chance of its own for a source that was added later: it changes nothing that was told before."""
    random = Random(seed)  # noqa: S311 (a story, not a secret)
    return random, TicketDesk(random, accounts)


def _exceptions(random: Random, desk: ExceptionDesk, found: deviations.Deviations) -> list[ExceptionEntry]:
    """Return every exception, oldest request first."""
    plot = ExceptionPlot(desk, found)
    planted_covers.plant(plot)
    planted_voids.plant(plot)
    entries = [*plot.entries, *planted_requests.plant(desk)]
    entries += programmes.plant(desk)
    everyday = [entry for at in flow.arrivals(random, EXCEPTIONS) if (entry := desk.everyday(at))]
    ended = [
        e for e in everyday if e.status == "approved" and e.valid_until < NOW and e.risk_level != "critical"
    ]
    renewed = [desk.renewal(entry) for entry in ended[::4]]
    return sorted([*entries, *everyday, *renewed], key=lambda entry: (entry.requested, entry.label))


def _tickets(random: Random, desk: TicketDesk) -> tuple[list[Ticket], list[Ticket]]:
    """Return the tickets of Jira and of the landing zone, oldest first."""
    jira = [desk.change(at) for at in flow.arrivals(random, CHANGES)]
    jira += [desk.addition(at, "jira") for at in flow.arrivals(random, JIRA_ADDITIONS)]
    csv = [desk.addition(at, "csv") for at in flow.arrivals(random, CSV_ADDITIONS)]
    plot = planted_tickets.TicketPlot(desk, jira, csv)
    planted_tickets.plant(plot)
    _spoil(random, desk, jira, malformed.JIRA_DEFECTS, "jira")
    _spoil(random, desk, csv, malformed.CSV_DEFECTS, "csv")
    return sorted(jira, key=_age), sorted(csv, key=_age)


def _age(ticket: Ticket) -> tuple[datetime, str]:
    return ticket.submitted_at, ticket.title


def _spoil(random: Random, desk: TicketDesk, tickets: list[Ticket], defects: Iterable[str], via: str) -> None:
    """Add tickets that will be written down wrong."""
    names = list(defects)
    for defect, at in zip(names, flow.arrivals(random, len(names)), strict=True):
        ticket = desk.change(at) if defect == "window-backwards" else desk.addition(at, via)
        first = [(at, "submitted", ticket.requester)]
        tickets.append(replace(ticket, steps=first, defect=defect))


def _issues(random: Random, tickets: list[Ticket]) -> tuple[list[jira_issues.Issue], list[Planted]]:
    issues = jira_issues.write(random, tickets)
    planted: list[Planted] = []
    for ticket, issue in zip(tickets, issues, strict=True):
        planted += [replace(answer, key=issue["key"]) for answer in ticket.planted]
        if ticket.defect in malformed.JIRA_DEFECTS:
            why, spoil = malformed.JIRA_DEFECTS[ticket.defect]
            spoil(issue)
            planted.append(malformed.expectation(JIRA, ticket.defect, why, issue["key"]))
    return issues, planted


def _drops(tickets: list[Ticket]) -> tuple[dict[str, bytes], list[Planted]]:
    rows: list[tuple[datetime, landing_zone.Row]] = []
    planted: list[Planted] = []
    for number, ticket in enumerate(tickets, start=1):
        key = f"LZ-{number:04d}"
        written = landing_zone.rows_of(key, ticket)
        planted += [replace(answer, key=key) for answer in ticket.planted]
        if ticket.defect in malformed.CSV_DEFECTS:
            why, spoil = malformed.CSV_DEFECTS[ticket.defect]
            spoil(written[0][1])
            nameless = ticket.defect == "no-key"
            planted.append(
                malformed.expectation(CSV, ticket.defect, why, None if nameless else key, ticket.title)
            )
        elif ticket.defect == "decided-before-submitted":
            written[-1][1]["Decided"] = landing_zone.day_first(planted_tickets.berlin(10, 2, 15))
        rows += written
    return landing_zone.write(rows), planted


def _numbers(entries: list[ExceptionEntry]) -> dict[str, str]:
    """Return label -> the number that the register gives."""
    return {entry.label: f"EXR-{number:03d}" for number, entry in enumerate(entries, start=1)}


def _registers(random: Random, entries: list[ExceptionEntry]) -> tuple[dict[str, str], list[Planted]]:
    """Number the exceptions by age and write them down, one in so many of them wrong."""
    keys = _numbers(entries)
    records = [registers.record_of(keys[entry.label], entry, keys) for entry in entries]
    planted = [replace(answer, key=keys[e.label]) for e in entries for answer in e.planted]
    for number, (defect, (why, spoil)) in enumerate(malformed.YAML_DEFECTS.items(), start=len(entries) + 1):
        sound = random.choice(
            [e for e in entries if e.status == "approved" and not e.is_live and not e.planted]
        )
        record = registers.record_of(f"EXR-{number:03d}", replace(sound, renews=None), keys)
        spoil(record)
        records.append(record)
        planted.append(malformed.expectation(YAML, defect, why, record["id"]))
    return registers.write(records), planted
