"""What a scenario is: a world, the sources that speak about it, and what is planted in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from governance.sandbox.imap import StoredMessage
from governance.sandbox.world import World

NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)
START = datetime(2025, 9, 15, 6, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")

SEED = 20261116
JIRA, CSV, YAML = "platform_jira", "landing_zone_csv", "exception_register"
OPS_ITEMS, CATALOG = "ops_items", "service_catalog"
SERVICENOW, GITHUB = "service_desk", "platform_requests"

Expectation = Literal["verdict", "finding", "quarantine", "email", "no_email", "owner"]


@dataclass(frozen=True)
class Planted:
    """A case with a known right answer. Which fields speak depends on `expects`.

    verdict: request (source, key) -> `verdict`, `won` items where it must be the most specific, and `flag`.
    finding: open finding of `finding_type` on (account, region, rule, resource_id), or on (source, key);
        with `count` alone: so many open findings of that type in all.
    quarantine: an open item of `source` whose key is `key`, or whose raw record holds `fragment`;
        with `count` alone: so many open items of that source in all.
    email: (source, key) on `clock` reached `rung` and `recipient` was written to about it.
    no_email: nothing was sent about (source, key) on `clock`.
    owner: (source, key) belongs to `recipient`; `owned` False: to the authority, because nothing matches.
    """

    case: str
    title: str
    expects: Expectation
    why: str
    source: str | None = None
    key: str | None = None
    verdict: str | None = None
    won: int | None = None
    flag: str | None = None
    finding_type: str | None = None
    account: str | None = None
    region: str | None = None
    rule: str | None = None
    resource_id: str | None = None
    fragment: str | None = None
    clock: str | None = None
    rung: str | None = None
    recipient: str | None = None
    owned: bool = True
    count: int | None = None


@dataclass(frozen=True)
class Scenario:
    """Everything the stand-ins serve, and the right answers.

    `jira_issues`: issues of Jira Cloud with their changelog, descriptions as plain text.
    `csv_drops` and `office_files`: S3 key -> bytes. `yaml_registers`: file name -> text. `mailbox`: messages,
    oldest first.
    `servicenow_tables`: table -> rows, columns in both forms. `github_issues`: issues with their `@events`.
    `submissions`: file name -> text of requests that were submitted here.
    """

    world: World
    jira_issues: list[dict[str, Any]]
    csv_drops: dict[str, bytes]
    yaml_registers: dict[str, str]
    planted: list[Planted]
    now: datetime = NOW
    office_files: dict[str, bytes] = field(default_factory=dict)
    servicenow_tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    github_issues: list[dict[str, Any]] = field(default_factory=list)
    mailbox: list[StoredMessage] = field(default_factory=list)
    submissions: dict[str, str] = field(default_factory=dict)


@dataclass
class Ticket:
    """A change or an addition, before it is written down in the form of its source.

    `steps` are (instant in UTC, canonical status, who), in order; the first is the submission.
    """

    kind: Literal["change", "addition"]
    title: str
    description: str
    target_type: str
    target: str
    account: str
    requester: str
    approver: str
    assignee: str
    risk_level: str
    benefit: str
    risk: str
    risk_if_denied: str
    steps: list[tuple[datetime, str, str]]
    thing_type: str | None = None
    thing: dict[str, str] = field(default_factory=dict)
    window: tuple[datetime, datetime] | None = None
    runbook: str | None = None
    targets: tuple[str, ...] = ()
    planted: tuple[Planted, ...] = ()
    defect: str | None = None

    @property
    def submitted_at(self) -> datetime:
        """When it was asked for."""
        return self.steps[0][0]

    def time_of(self, *statuses: str) -> datetime | None:
        """When it first was in one of `statuses`."""
        return next((at for at, status, _ in self.steps if status in statuses), None)


@dataclass
class ExceptionEntry:
    """An entry of the exception register; dates are days in Berlin, `valid_until` is its first day without.

    `status` is a word of the register: requested, in review, approved, refused, withdrawn, revoked.
    `label` names it inside the scenario until it gets its number.
    """

    label: str
    title: str
    reason: str
    benefit: str
    risk: str
    risk_if_denied: str
    category: str
    risk_level: str
    requester: str
    approver: str | None
    status: str
    target: str
    requested: datetime
    decided: datetime | None
    updated: datetime
    valid_from: datetime
    valid_until: datetime
    scopes: list[dict[str, Any]]
    control: str
    renews: str | None = None
    planted: tuple[Planted, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether it excuses anything at NOW."""
        return self.status == "approved" and self.valid_from <= NOW < self.valid_until
