"""Who is accountable for what: `policies/ownership.yaml`, resolved to exactly one owner.

The most specific rule wins: path before account before control before organizational unit before target
type, and within a dimension exact before pattern, longer before shorter. Two rules that could tie are an
error when the file is read. What matches nothing goes to the ownership authority and has no rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator
from sqlalchemy import Connection, text

from governance import documents, resources
from governance.register.patterns import has_wildcard, matches, overlap

DIMENSIONS = ("path", "account", "control", "ou", "target_type")
"""Dimensions of a rule, the most telling first."""


def _is_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (
        ValueError,
        OSError,
        ZoneInfoNotFoundError,
    ) as error:  # an unknown name, a folder of names, a path
        raise ValueError("an IANA time zone such as Europe/Berlin") from error
    return value


Email = Annotated[str, Field(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$")]
Decider = Annotated[str, Field(pattern=r"^(\*|[^@\s<>,;]+@[^@\s<>,;]+)$")]
"""A mail address; `*` and `?` are wildcards."""
TimeZone = Annotated[str, AfterValidator(_is_zone)]


@dataclass(frozen=True)
class Subject:
    """What somebody must be accountable for. Unknown dimensions are None and fit no rule that names them.

    `path` is the request's target as written; `ou` is the path of OU names below the root, 'Workloads/Prod'.
    """

    target_type: str | None = None
    path: str | None = None
    account: str | None = None
    control: str | None = None
    ou: str | None = None


class Match(documents.Document):
    """Which subjects a rule is for: all named dimensions must fit. `ou` covers its subtree."""

    path: str | None = None
    account: str | None = None
    control: str | None = None
    ou: str | None = None
    target_type: Literal["process", "procedure", "resource"] | None = None

    def fits(self, subject: Subject) -> bool:
        """Tell whether every dimension named here fits `subject`."""
        return all(
            pattern is None or _fits(dimension, pattern, getattr(subject, dimension))
            for dimension, pattern in self
        )

    def specificity(self) -> tuple[tuple[int, int], ...]:
        """Sort key; larger is more specific."""
        values = (getattr(self, dimension) for dimension in DIMENSIONS)
        return tuple((0, 0) if v is None else (1 if has_wildcard(v) else 2, len(v)) for v in values)

    def may_tie(self, other: Match) -> bool:
        """Tell whether some subject could fit both rules while neither is the more specific."""
        if self.specificity() != other.specificity():
            return False
        pairs = ((getattr(self, d), getattr(other, d)) for d in DIMENSIONS)
        return all(a is None or overlap(a, b) for a, b in pairs)


def _fits(dimension: str, pattern: str, value: str | None) -> bool:
    if value is None:
        return False
    if dimension == "ou":
        return matches(pattern, value) or matches(f"{pattern}/*", value)
    return matches(pattern, value)


class OwnershipRule(documents.Document):
    """One rule: RACI, contact, manager, and the business time its accountable owner lives in.

    `delegates` may decide for the accountable owner, as their manager and the authority may; '*' is anybody.
    """

    name: str
    match: Match
    accountable: Email
    responsible: tuple[Email, ...] = ()
    delegates: tuple[Decider, ...] = ()
    consulted: tuple[Email, ...] = ()
    informed: tuple[Email, ...] = ()
    contact: Email
    manager: Email
    timezone: TimeZone
    calendar: str
    review_date: date


class OwnershipPolicy(documents.Document):
    """The whole file: the authority for what nobody owns, and the rules."""

    authority: OwnershipRule
    owners: tuple[OwnershipRule, ...]

    @model_validator(mode="after")
    def _names_are_unique_and_rules_cannot_tie(self) -> Self:
        names = [rule.name for rule in (self.authority, *self.owners)]
        if len(set(names)) < len(names):
            double = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"rule names that are unique; {double!r} stands twice")
        for position, rule in enumerate(self.owners):
            for other in self.owners[position + 1 :]:
                if rule.match.may_tie(other.match):
                    raise ValueError(f"rules that cannot tie; {rule.name!r} and {other.name!r} can")
        return self

    def resolve(self, subject: Subject) -> OwnershipRule:
        """Return the most specific rule that fits, or the authority (see `is_owned`)."""
        fitting = [rule for rule in self.owners if rule.match.fits(subject)]
        return max(fitting, key=lambda rule: rule.match.specificity(), default=self.authority)

    def is_owned(self, rule: OwnershipRule) -> bool:
        """Tell whether `rule` is a real owner rather than the authority for what matches nothing."""
        return rule is not self.authority

    def rule_of(self, accountable: str) -> OwnershipRule:
        """Return the first rule of that person (for zone, calendar, manager), or the authority."""
        return next((rule for rule in self.owners if rule.accountable == accountable), self.authority)


def read(policies: Path) -> OwnershipPolicy:
    """Read `ownership.yaml` of a policies folder; raises DocumentError with every mistake."""
    return documents.read(policies / "ownership.yaml", OwnershipPolicy)


def store(connection: Connection, policy: OwnershipPolicy) -> None:
    """Write the policy to the register, so that SQL and auditors see who is accountable.

    A policy that is there already is not written again; two writers wait for each other.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('governance.ownership'))"))
    rows = list(_rows(policy))
    stored = connection.execute(text(resources.sql("register/ownership.sql"))).mappings()
    if [dict(row) for row in stored] == rows:
        return
    connection.execute(text("DELETE FROM ownership"))
    connection.execute(
        text(resources.sql("register/add_ownership.sql")),
        [{**row, "match": json.dumps(row["match"])} for row in rows],
    )


def may_decide(connection: Connection, owner: str | None, owner_rule: str | None, person: str) -> bool:
    """Tell whether a person may decide what `owner` is accountable for, by the policy that was stored.

    Where none was, nobody may.
    """
    asked = {"owner": owner, "rule": owner_rule, "person": person}
    return bool(connection.scalar(text("SELECT may_decide(:owner, :rule, :person)"), asked))


def _rows(policy: OwnershipPolicy) -> Iterator[dict[str, Any]]:
    """Yield the rows of the table, the authority first: its position is 0."""
    for position, rule in enumerate((policy.authority, *policy.owners)):
        row = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in rule
            if name != "match"
        }
        yield {**row, "position": position, "match": rule.match.model_dump(exclude_none=True)}
