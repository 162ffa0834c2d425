"""The whole story of one request, or of one resource under one rule, as it was known at an instant.

Nothing is decided anew here for a request: its story is what the register holds. A resource is matched by
the engine itself, over a snapshot that is cut down to this one resource, so the answer is the engine's own.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from sqlalchemy import Connection, text

from governance import resources
from governance.errors import GovernanceError
from governance.reconciliation import engine, evidence, exceptions, frames
from governance.reconciliation import policy as policy_files
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.rules import identify
from governance.register.patterns import matches
from governance.register.request import UNDECIDED

Row = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """One case in words: `head` says how it stands, `facts` what it rests on, `turns` how it came to it.

    `turns` are (instant in UTC, what, words), oldest first.
    """

    head: str
    facts: list[tuple[str, str]]
    turns: list[tuple[datetime, str, str]]


@dataclass(frozen=True)
class Item:
    """A resource in an account, as Config names it; `rule` None: every rule that judges it."""

    account: str
    resource: str
    rule: str | None = None


def explain_request(connection: Connection, request_id: str, at: datetime) -> Story:
    """Tell the story of a request up to `at`; raises GovernanceError where it was not known then."""
    found = _rows(connection, "story_request", request_id=request_id, at=at)
    if not found:
        raise GovernanceError(
            f"{request_id} was not known at {at:%Y-%m-%dT%H:%MZ}: check the id, or a later --at"
        )
    row = found[0]
    turns = _rows(connection, "story_turns", number=row["request_number"], at=at)
    verdicts = [turn["words"] for turn in turns if turn["what"] == "verdict"]
    standing = verdicts[-1] if verdicts else "reconciliation has not judged it up to then"
    facts = [(name.replace("_", " "), _shown(row[name])) for name in _FACTS if row[name] is not None]
    renewals = _rows(
        connection, "story_renewals", at=at, **{n: row[n] for n in ("source", "source_key", "renewal_of")}
    )
    facts += [(one["relation"], f"{one['request_id']}, {one['status']}, {_span(one)}") for one in renewals]
    return Story(
        f"{request_id} was {row['status']}{_phase(row, at)}: {standing}",
        facts,
        [(turn["at"], turn["what"], turn["words"]) for turn in turns],
    )


_FACTS = (
    "title", "target", "requester", "owner", "owner_rule", "risk_level", "category", "benefit", "risk",
    "thing_type", "thing", "due_at", "window_start", "window_end", "runbook", "targets", "decided_at",
    "decided_by", "fulfilled_at", "valid_from", "valid_until", "scopes", "source", "source_key", "source_url",
)  # fmt: skip


def explain_item(
    connection: Connection, item: Item, at: datetime, policies: Path, lake: str | None = None
) -> Story:
    """Tell what the newest snapshot up to `at` says of a resource, who covers it, and who almost does.

    Raises GovernanceError where there is no snapshot; a resource that the snapshot does not hold is told as
    such, with whether its absence can be trusted.
    """
    policy, limits = policy_files.read(policies)
    snapshot_id = evidence.latest_snapshot(connection, at)
    live = exceptions.live(connection, at, limits)
    with (
        evidence.opened(connection, snapshot_id, at, policy.evidence, lake) as known,
        tempfile.TemporaryDirectory(prefix="governance-explain-") as scratch,
    ):
        seen = _evaluations(known, item)
        alone = Path(scratch) / "item.parquet"
        pq.write_table(seen, alone)
        with engine.database() as database:
            matched = engine.match(database, replace(known, evaluations=(alone,), index=None), live, policy)
        judged = seen.to_pandas()
        facts = [_judged(row) for row in frames.rows(judged)] + _places(known, item.account)
        covering = {live[int(row.exception)].number: row for row in frames.rows(matched.counts)}
        facts += [_cover(one, covering[one.number]) for one in live if one.number in covering]
        near = [one for one in live if one.number not in covering and _is_near(one, item)]
        facts += [("does not cover", f"{one.request_id}, {one.phase}: {_scope_text(one)}") for one in near]
    rules = sorted({identify(str(rule), None).name for rule in judged.rule} | {item.rule or ""})
    turns = _rows(
        connection,
        "story_item",
        account=item.account,
        resource=item.resource,
        rule=item.rule,
        rules=rules,
        at=at,
    )
    head = _standing(judged, matched.totals, snapshot_id)
    return Story(head, facts, [(turn["at"], turn["what"], turn["words"]) for turn in turns])


def _evaluations(known: Evidence, item: Item) -> Any:
    """Return the evaluations of a resource, of one rule where it names one by deployed or canonical name."""
    files = [str(path) for path in known.evaluations]
    if not files:
        raise GovernanceError(f"snapshot {known.snapshot_id} holds no evaluations: see its manifest")
    table = ds.dataset(files).to_table(
        filter=(ds.field("account") == item.account) & (ds.field("resource_id") == item.resource)
    )
    if item.rule is None:
        return table
    wanted = [item.rule in (str(rule), identify(str(rule), None).name) for rule in table["rule"].to_pylist()]
    return table.filter(pd.Series(wanted, dtype=bool).to_numpy())


def _judged(row: Any) -> tuple[str, str]:
    where = f"{row.rule} in {row.region} ({row.resource_type})"
    return (str(row.compliance), f"{where}, as captured {_shown(row.captured_at)}")


def _places(known: Evidence, account: str) -> list[tuple[str, str]]:
    """Say where the evidence about the account is not fresh: there, silence means nothing."""
    stale = known.places[(known.places.account == account) & ~known.places.fresh]
    return [("not known", f"{row.region}: {row.reason}") for row in frames.rows(stale)]


def _cover(one: LiveException, counts: Any) -> tuple[str, str]:
    role = "wins" if counts.won else "covers" if one.phase == "active" else f"{one.phase}, would cover"
    until = f"until {one.valid_until:%Y-%m-%d}" if one.valid_until else "without an end"
    return (role, f"{one.request_id} {until}: {_scope_text(one)}")


def _is_near(one: LiveException, item: Item) -> bool:
    """Tell whether a scope names the resource, or the account together with the rule."""
    for scope in one.scopes:
        account = any(matches(value, item.account) for value in scope.account)
        rule = item.rule is None or any(matches(value, item.rule) for value in scope.rule)
        if item.resource in scope.resource or (account and rule):
            return True
    return False


def _standing(judged: pd.DataFrame, totals: dict[str, int], snapshot_id: str) -> str:
    if judged.empty:
        return f"snapshot {snapshot_id} holds no evaluation of it: that is no proof where evidence is missing"
    failing = sorted(judged.rule[judged.compliance == "NON_COMPLIANT"].unique())
    if not failing:
        return f"compliant with everything that judged it in snapshot {snapshot_id}"
    told = f"not compliant with {', '.join(failing)} in snapshot {snapshot_id}"
    counted = {"covered": "covered", "deviations": "approved by nobody", "unknown": "not known"}
    return f"{told}: {', '.join(f'{totals[name]:,} {words}' for name, words in counted.items())}"


def _scope_text(one: LiveException) -> str:
    if one.problem:
        return one.problem
    parts = [scope.written() for scope in (*one.scopes, *one.elsewhere)]
    words = ("; ".join(f"{name}={_shown(value)}" for name, value in sorted(part.items())) for part in parts)
    return " or ".join(words)


def _phase(row: Row, at: datetime) -> str:
    """Say where `at` lies in the interval of an exception; one that is undecided only asks for it."""
    end = row["valid_until"]
    if end is None:
        return ""
    if row["status"] in UNDECIDED:
        return f", asking to last until {end:%Y-%m-%d}"
    if at >= end:
        return f", ended on {end:%Y-%m-%d}"
    begins = row["valid_from"] or row["decided_at"]
    if begins is not None and at < begins:
        return f", to begin on {begins:%Y-%m-%d}"
    return f", valid until {end:%Y-%m-%d}"


def _span(row: Row) -> str:
    return f"{_shown(row['valid_from'])} to {_shown(row['valid_until'])}"


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return "unknown" if pd.isna(value) else f"{value:%Y-%m-%d %H:%MZ}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_shown, value))
    if isinstance(value, dict):
        return "; ".join(f"{name}={_shown(one)}" for name, one in sorted(value.items()))
    return "unknown" if value is None else str(value)


def _rows(connection: Connection, question: str, **parameters: Any) -> list[Row]:
    statement = text(resources.sql(f"reconciliation/{question}.sql"))
    return [dict(row) for row in connection.execute(statement, parameters).mappings()]
