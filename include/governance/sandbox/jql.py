"""The part of JQL that intake speaks.

    project = GOV AND updated >= "2026-01-01 10:00" ORDER BY updated ASC, key ASC

Clauses are joined by AND. Dates are read on the clock of the user who asks, as Jira does.
https://support.atlassian.com/jira-software-cloud/docs/jql-fields/#Updated
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

Issue = dict[str, Any]
Test = Callable[[Issue], bool]
Order = tuple[str, bool]
"""Field and whether descending."""

_CLAUSE = re.compile(
    r"""\s*(\w+)\s*(>=|<=|!=|=|>|<|\bnot\s+in\b|\bin\b)\s*("[^"]*"|'[^']*'|\([^)]*\)|[\w-]+)\s*""",
    re.IGNORECASE,
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
    "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
_TIMES = ("updated", "created")
_WORDS: dict[str, Callable[[Issue], str]] = {
    "project": lambda issue: str(issue["key"]).rsplit("-", 1)[0],
    "key": lambda issue: str(issue["key"]),
    "issuekey": lambda issue: str(issue["key"]),
    "issuetype": lambda issue: str(issue["fields"]["issuetype"]["name"]),
    "type": lambda issue: str(issue["fields"]["issuetype"]["name"]),
    "status": lambda issue: str(issue["fields"]["status"]["name"]),
}


class JqlError(ValueError):
    """The query is none that this Jira understands; Jira answers HTTP 400."""


@dataclass(frozen=True)
class Query:
    """A query that was understood."""

    tests: tuple[Test, ...]
    order: tuple[Order, ...]

    def select(self, issues: Sequence[Issue]) -> list[Issue]:
        """Return the issues that fit, in the order asked for (default: key, newest first)."""
        found = [issue for issue in issues if all(test(issue) for test in self.tests)]
        for name, descending in reversed(self.order or (("key", True),)):
            found.sort(key=lambda issue, n=name: _sort_key(issue, n), reverse=descending)  # type: ignore[misc]
        return found


def parse(jql: str, zone: str) -> Query:
    """Read a query; `zone` is the user's time zone. Raises JqlError."""
    where, _, order = re.sub(r"\border\s+by\b", "\0", jql, flags=re.I).partition("\0")
    clauses = re.split(r"\band\b", where, flags=re.I) if where.strip() else []
    return Query(tuple(_test(clause, zone) for clause in clauses), tuple(_orders(order)))


def _test(clause: str, zone: str) -> Test:
    found = _CLAUSE.fullmatch(clause)
    if found is None:
        raise JqlError(f"cannot read {clause.strip()!r}")
    name, sign, value = found[1].lower(), re.sub(r"\s+", " ", found[2].lower()), found[3]
    if name in _TIMES and sign in _COMPARE:
        instant = _instant(value.strip("\"'"), zone)
        return lambda issue: _COMPARE[sign](_time(issue, name), instant)
    if name in _WORDS and sign in ("=", "!=", "in", "not in"):
        words = {word.strip().strip("\"'").lower() for word in value.strip("()").split(",")}
        wanted = sign in ("=", "in")
        return lambda issue: (_WORDS[name](issue).lower() in words) is wanted
    raise JqlError(f"field {found[1]!r} does not exist or does not take {found[2]!r}")


def _orders(text: str) -> list[Order]:
    found = []
    for part in text.split(",") if text.strip() else []:
        name, _, direction = part.strip().lower().partition(" ")
        if (name not in _TIMES and name not in _WORDS) or direction.strip() not in ("", "asc", "desc"):
            raise JqlError(f"cannot order by {part.strip()!r}")
        found.append((name, direction.strip() == "desc"))
    return found


def _instant(text: str, zone: str) -> datetime:
    for form in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=ZoneInfo(zone))
        except ValueError:
            continue
    raise JqlError(f"date {text!r} is not one of yyyy-MM-dd HH:mm, yyyy/MM/dd HH:mm, yyyy-MM-dd, yyyy/MM/dd")


def _time(issue: Issue, name: str) -> datetime:
    """The instant to the minute: JQL knows no seconds."""
    return datetime.strptime(issue["fields"][name], "%Y-%m-%dT%H:%M:%S.%f%z").replace(second=0, microsecond=0)


def _sort_key(issue: Issue, name: str) -> Any:
    if name in _TIMES:
        return datetime.strptime(issue["fields"][name], "%Y-%m-%dT%H:%M:%S.%f%z")
    if name in ("key", "issuekey"):
        project, _, number = str(issue["key"]).rpartition("-")
        return project, int(number)
    return _WORDS[name](issue)
