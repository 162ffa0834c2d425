"""Whether everything planted was found: the known answers held against the register, by SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rich.table import Table
from sqlalchemy import Connection, Engine, Row, text

from governance import resources
from governance.sandbox.scenario.model import Planted, Scenario
from governance.sandbox.scenario.rules import canonical_name

Key = tuple[str | None, str | None]


@dataclass(frozen=True)
class CaseResult:
    """A planted case, whether it was recognised, and what the register says instead or as well."""

    planted: Planted
    recognised: bool
    found: str


def check(engine: Engine, scenario: Scenario) -> list[CaseResult]:
    """Hold every planted case of `scenario` against the register, in the order they were planted."""
    with engine.connect() as connection:
        register = _Register(connection)
        return [CaseResult(planted, *register.judge(planted)) for planted in scenario.planted]


def table(results: Sequence[CaseResult] | Scenario) -> Table:
    """Return the cases as a table to print: with what was found, or of a scenario alone the right answers."""
    shown = Table("case", "what", "expected", "found", "why", show_lines=False)
    if isinstance(results, Scenario):
        results = [CaseResult(planted, True, "") for planted in results.planted]
    for result in results:
        planted = result.planted
        style = "" if result.recognised else "red"
        shown.add_row(
            planted.case, _place(planted), expected(planted), result.found, planted.why, style=style
        )
    return shown


def expected(planted: Planted) -> str:
    """Return the right answer in a few words."""
    words = {
        "verdict": f"{planted.verdict} [{planted.flag}]" if planted.flag else planted.verdict,
        "finding": planted.finding_type,
        "quarantine": "quarantine",
        "email": f"{planted.rung} to {planted.recipient}",
        "no_email": "no e-mail",
        "owner": f"owner {planted.recipient}" + ("" if planted.owned else ", by no rule"),
    }[planted.expects]
    return f"{planted.count} x {words}" if planted.count is not None else str(words)


def _place(planted: Planted) -> str:
    parts = (planted.source, planted.key, planted.account, planted.region, planted.title)
    return " ".join(part for part in parts if part)


Judgement = tuple[bool, str]


class _Register:
    """What the register says, read once."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def judge(self, planted: Planted) -> Judgement:
        judges: dict[str, Callable[[Planted], Judgement]] = {
            "verdict": self._verdict,
            "finding": self._finding,
            "quarantine": self._quarantine,
            "email": self._email,
            "no_email": self._no_email,
            "owner": self._owner,
        }
        return judges[planted.expects](planted)

    def _verdict(self, planted: Planted) -> Judgement:
        rows = self._verdicts[planted.source, planted.key]
        if not rows:
            return False, "no verdict"
        row = rows[0]
        won = planted.won is None or row.won == planted.won
        flagged = planted.flag is None or planted.flag in row.flags
        told = f"{row.verdict}{''.join(f' [{flag}]' for flag in row.flags)}"
        return (
            row.verdict == planted.verdict and won and flagged,
            f"{told}, covers {row.covered}, wins {row.won}: {row.why}",
        )

    def _finding(self, planted: Planted) -> Judgement:
        rows = [row for row in self._findings if row.type == planted.finding_type]
        if planted.count is not None:
            return len(rows) == planted.count, f"{len(rows)} open"
        if planted.key is not None:
            rows = [row for row in rows if (row.source, row.source_key) == (planted.source, planted.key)]
            return bool(rows), rows[0].why if rows else "no such finding"
        rows = [row for row in rows if _is_about(row, planted)]
        return len(rows) == 1, rows[0].why if rows else "no such finding"

    def _quarantine(self, planted: Planted) -> Judgement:
        rows = self._quarantined[planted.source]
        if planted.count is not None:
            return len(rows) == planted.count, f"{len(rows)} in quarantine"
        named = [row for row in rows if planted.key is not None and row.source_key == planted.key]
        rows = named or [row for row in rows if _is_record(row, planted)]
        return len(rows) == 1, rows[0].reasons if rows else "not in quarantine"

    def _email(self, planted: Planted) -> Judgement:
        told = self._told(planted)
        right = [row for row in told if row.rung == planted.rung and row.recipient == planted.recipient]
        return any(row.is_on_its_way for row in right), _told_in_words(told)

    def _no_email(self, planted: Planted) -> Judgement:
        known = bool(self._owners[planted.source, planted.key])
        told = self._told(planted)
        return known and not told, _told_in_words(told) if known else "not in the register"

    def _owner(self, planted: Planted) -> Judgement:
        rows = self._owners[planted.source, planted.key]
        if not rows:
            return False, "not in the register"
        row = rows[0]
        answers = {planted.recipient} if planted.owned else {planted.recipient, ""}
        return row.owner in answers and row.is_owned == planted.owned, row.owner or "nobody"

    def _told(self, planted: Planted) -> list[Row[Any]]:
        return [row for row in self._mails[planted.source, planted.key] if row.clock == planted.clock]

    @cached_property
    def _verdicts(self) -> dict[Key, list[Row[Any]]]:
        return self._by_request("planted_verdicts")

    @cached_property
    def _mails(self) -> dict[Key, list[Row[Any]]]:
        return self._by_request("planted_mails")

    @cached_property
    def _owners(self) -> dict[Key, list[Row[Any]]]:
        return self._by_request("planted_owners")

    @cached_property
    def _findings(self) -> list[Row[Any]]:
        return self._rows("planted_findings")

    @cached_property
    def _quarantined(self) -> dict[str | None, list[Row[Any]]]:
        grouped: dict[str | None, list[Row[Any]]] = defaultdict(list)
        for row in self._rows("planted_quarantine"):
            grouped[row.source].append(row)
        return grouped

    def _by_request(self, query: str) -> dict[Key, list[Row[Any]]]:
        grouped: dict[Key, list[Row[Any]]] = defaultdict(list)
        for row in self._rows(query):
            grouped[row.source, row.source_key].append(row)
        return grouped

    def _rows(self, query: str) -> list[Row[Any]]:
        return list(self.connection.execute(text(resources.sql(f"sandbox/{query}.sql"))))


def _is_about(row: Row[Any], planted: Planted) -> bool:
    rule = planted.rule or ""
    return (
        (row.account, row.resource_id) == (planted.account, planted.resource_id)
        and (row.rule or "") in (rule, canonical_name(rule))
        and planted.region in (None, row.region)
    )


def _is_record(row: Row[Any], planted: Planted) -> bool:
    """Whether a record that names no key holds what was planted."""
    sought = [text for text in (planted.key, planted.fragment) if text]
    return any(text in row.raw or text in row.locator for text in sought)


def _told_in_words(told: list[Row[Any]]) -> str:
    return (
        "; ".join(f"{row.rung} to {row.recipient}: {row.status or 'superseded'}" for row in told)
        or "no e-mail"
    )
