"""One drafted exception request: alike deviations of one owner, in the words of a form.

Deviations are alike where the rule and the owner are the same. The scope names exactly the resources that
deviate; a cluster too large for one submission is cut into several drafts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from governance.escalation.wording import counted
from governance.register.exception_limits import ExceptionLimits
from governance.register.request import RISK_LEVELS

PROPOSED_DAYS = 90
"""How long a drafted exception lasts, where its limit allows so much."""
LARGEST_SCOPE = 400_000
"""Characters of resource ids in one draft; a submission may hold 1 MB."""
CATEGORY = "waiver"

Finding = Any
"""A row of `undrafted.sql`."""


@dataclass(frozen=True)
class Draft:
    """A draft before it has an id. `content`: field of a request -> text, as a form takes it."""

    owner: str
    rule: str
    risk_level: str
    findings: tuple[Finding, ...]
    content: dict[str, str]

    @property
    def places(self) -> list[tuple[str, list[str]]]:
        """Account and region, and the resources in it."""
        grouped = groupby(self.findings, key=lambda one: (one.account, one.region))
        return [(f"{account} {region or ''}".strip(), [one.resource_id for one in inside])
                for (account, region), inside in grouped]  # fmt: skip


def drafts_of(found: Sequence[Finding], limits: ExceptionLimits, now: datetime) -> list[Draft]:
    """Return one draft per owner and rule. `found` is in the order of `undrafted.sql`."""
    clusters = groupby(found, key=lambda one: (one.owner, one.scope_rule))
    return [
        _draft(owner, part, limits, now) for (owner, _), alike in clusters for part in _parts(list(alike))
    ]


def _parts(alike: list[Finding]) -> Iterator[list[Finding]]:
    part: list[Finding] = []
    size = 0
    for one in alike:
        size += len(one.resource_id) + 2
        if part and size > LARGEST_SCOPE:
            yield part
            part, size = [], len(one.resource_id) + 2
        part.append(one)
    yield part


def _draft(owner: str, findings: list[Finding], limits: ExceptionLimits, now: datetime) -> Draft:
    rule, risk_level = findings[0].rule, max((one.severity for one in findings), key=RISK_LEVELS.index)
    what = _what(findings)
    content = {
        "title": f"Exception from {rule} for {what}",
        "requester": owner,
        "description": _reason(rule, what, findings, now),
        "category": CATEGORY,
        "risk_level": risk_level,
        "target": _target(findings),
        "scopes": scopes_text(_scopes(findings)),
        "valid_until": f"{_end(limits, risk_level, now):%Y-%m-%d}",
    }
    return Draft(owner, rule, risk_level, tuple(findings), content)


def _what(findings: list[Finding]) -> str:
    accounts = len({one.account for one in findings})
    if len(findings) == 1:
        return f"{findings[0].resource_id} in account {findings[0].account}"
    return f"{counted(len(findings), 'resource')} in {counted(accounts, 'account')}"


def _reason(rule: str, what: str, findings: list[Finding], now: datetime) -> str:
    are, them = ("is", "it") if len(findings) == 1 else ("are", "them")
    expired = sorted({one.expired for one in findings if one.expired})
    once = f" {', '.join(expired)} covered {them} before and ended." if expired else ""
    return (
        f"Drafted on {now:%Y-%m-%d} from reconciliation: {what} {are} not compliant with {rule} "
        f"and no approved exception covers {them}.{once} Why the rule cannot be met: (say it here)"
    )


def _target(findings: list[Finding]) -> str:
    """Return the resource where there is one, else the first account: the scope says the rest."""
    first = findings[0]
    if len(findings) > 1:
        return f"account/{first.account}"
    parts = (first.resource_type or "").split("::")
    service = parts[1].lower() if len(parts) > 1 else first.resource_type or "resource"
    return f"account/{first.account}/{service}/{first.resource_id}"


def _end(limits: ExceptionLimits, risk_level: str, now: datetime) -> datetime:
    """Return a day before the limit, so that it holds wherever the day begins."""
    limit = limits.of(CATEGORY, risk_level)
    days = min(PROPOSED_DAYS, limit.max_days) if limit else PROPOSED_DAYS
    return now + timedelta(days=max(days - 1, 1))


def _scopes(findings: list[Finding]) -> list[dict[str, list[str]]]:
    """Return one scope per account, region and type: a global resource (region `global`) names no region."""
    places = groupby(findings, key=lambda one: (one.account, one.region, one.resource_type))
    return [
        {
            "account": [account],
            **({"region": [region]} if region and region != "global" else {}),
            "rule": [findings[0].scope_rule],
            **({"resource_type": [kind]} if kind else {}),
            "resource": [one.resource_id for one in inside],
        }
        for (account, region, kind), inside in places
    ]


def scopes_text(scopes: list[dict[str, list[str]]]) -> str:
    """Return scopes as a person writes them, one to a line; as JSON where a value holds `,` or `;`.

    >>> scopes_text([{"account": ["100000000021"], "resource": ["a", "b"]}])
    'account: 100000000021; resource: a, b'
    >>> scopes_text([{"resource": ["a,b"]}])
    '[{"resource": ["a,b"]}]'
    """
    values = (value for scope in scopes for named in scope.values() for value in named)
    if any(set(value) & set(",;\r\n") for value in values):
        return json.dumps(scopes, ensure_ascii=False)
    lines = ("; ".join(f"{name}: {', '.join(named)}" for name, named in scope.items()) for scope in scopes)
    return "\n".join(lines)
