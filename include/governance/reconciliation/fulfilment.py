"""Additions and changes, judged together: their verdicts, their findings, and what they add up to.

Nothing is written here. The same requests, listings, policy and `now` give the same result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pandas as pd
from sqlalchemy import Connection, text

from governance import resources
from governance.reconciliation import (
    additions,
    changes,
    detached,
    evidence,
    fulfilment_findings,
    fulfilment_words,
    listings,
)
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.fulfilment_policy import FulfilmentPolicy
from governance.reconciliation.listings import Listings
from governance.reconciliation.policy import EvidenceLimits
from governance.reconciliation.requested import Addition, Asked, Change, Request
from governance.reconciliation.rules import identify
from governance.reconciliation.verdicts import COLUMNS
from governance.register.ownership import OwnershipPolicy


@dataclass(frozen=True)
class Fulfilment:
    """Verdicts on additions and changes (columns `verdicts.COLUMNS`), their findings by family, and counts.

    `unknown`: by family the keys, among findings that are open, about which nothing can be said now.
    `things`: what may be what an addition asks for, as `JudgedAdditions.things`, with its request_number.
    """

    verdicts: pd.DataFrame
    findings: dict[str, pd.DataFrame]
    unknown: dict[str, Callable[[pd.DataFrame], pd.Series]]
    summary: dict[str, Any]
    things: pd.DataFrame


@dataclass(frozen=True)
class Decided:
    """What people decided about additions, changes, who owns what, and the age of evidence."""

    policy: FulfilmentPolicy
    owners: OwnershipPolicy
    limits: EvidenceLimits

    def since(self, now: datetime) -> dict[str, datetime]:
        """Return from when on evidence of each service counts."""
        others = dict.fromkeys(("controltower", "servicecatalog", "ssm"), self.policy.evidence.since(now))
        return {
            "organizations": self.limits.organizations_since(now),
            "config": self.limits.config_since(now),
            **others,
        }


@contextmanager
def earlier(
    connection: Connection,
    known: Evidence,
    decided: Decided,
    lake: str | None = None,
) -> Iterator[Evidence | None]:
    """Open the snapshot that tells what was there before the register began.

    That is the newest one up to then, else the first one there is; None where that is `known` itself.
    """
    found = connection.scalar(
        text(resources.sql("reconciliation/earlier_snapshot.sql")),
        {"began": decided.policy.register_began, "as_of": known.as_of},
    )
    if found is None or found == known.snapshot_id:
        yield None
        return
    with evidence.opened(
        connection, str(found), known.as_of, decided.limits, lake, listings.COLUMNS
    ) as before:
        yield before


def judge(
    connection: duckdb.DuckDBPyConnection,
    known: Evidence,
    earlier: Evidence | None,
    asked: Asked,
    decided: Decided,
    now: datetime,
) -> Fulfilment:
    """Judge every live addition and change against a snapshot, in an empty database.

    `earlier` is the snapshot that tells what was there before the register began, None: there is no other.
    """
    policy, owners = decided.policy, decided.owners
    seen = listings.read(known, decided.since(now))
    before = None if earlier is None else _held(connection, earlier)
    listings.create(connection, seen)
    evaluated = _evaluated(connection, known, asked[0])
    listings.store(connection, "listed_evaluated", evaluated, dict.fromkeys(evaluated.columns, "VARCHAR"))
    added = additions.judge(connection, asked[0], seen, before, policy.register_began, now)
    changed = changes.judge(connection, asked[1], seen, policy, now)
    tables = [_addition_rows(asked[0], added.verdicts, seen), _change_rows(asked[1], changed.verdicts, seen)]
    verdicts = pd.DataFrame([row for rows in tables for row in rows], columns=list(COLUMNS))
    gone = detached.findings(added.detached, asked, seen, policy, owners)
    found = {
        "addition": fulfilment_findings.of_additions(
            asked[0], verdicts, added.unrequested, seen, policy, owners, gone
        ),
        "change": fulfilment_findings.of_changes(
            asked[1], verdicts, changed.unapproved, seen, policy, owners
        ),
    }
    unknown = {
        "addition": lambda unsaid: fulfilment_findings.unknown_additions(unsaid, verdicts, seen),
        "change": lambda unsaid: fulfilment_findings.unknown_changes(unsaid, verdicts, asked[1], seen),
    }
    ordered = verdicts.sort_values("request_number", ignore_index=True)
    return Fulfilment(ordered, found, unknown, _summary(tables, found), _numbered(added.things, asked[0]))


def _numbered(things: pd.DataFrame, asked: list[Addition]) -> pd.DataFrame:
    return things.assign(request_number=[asked[index].number for index in things.request])


def _held(connection: duckdb.DuckDBPyConnection, earlier: Evidence) -> pd.DataFrame:
    """Return what an earlier snapshot held, however long ago that is."""
    services = {name.split("/")[0] for name in listings.COLUMNS}
    then = listings.read(earlier, dict.fromkeys(services, datetime.min.replace(tzinfo=earlier.as_of.tzinfo)))
    listings.create(connection, then)
    return additions.things_present(connection, then)


def _evaluated(connection: duckdb.DuckDBPyConnection, known: Evidence, asked: list[Addition]) -> pd.DataFrame:
    """Return in which accounts the rules asked for evaluate (account, rule by its canonical name)."""
    wanted = {one.thing.rule for one in asked if one.thing_type == "config_rule" and one.thing}  # type: ignore[attr-defined]
    columns = ["account", "rule"]
    if not wanted or not known.evaluations:
        return pd.DataFrame(columns=columns)
    found = connection.execute(
        "SELECT DISTINCT account, rule, creator FROM read_parquet($files)"
        " WHERE len(list_filter($wanted, lambda w: contains(rule, w))) > 0 ORDER BY ALL",
        {"files": [str(path) for path in known.evaluations], "wanted": sorted(wanted)},
    ).fetchall()
    rows = {(account, identify(rule, creator).name) for account, rule, creator in found}
    return pd.DataFrame(sorted(row for row in rows if row[1] in wanted), columns=columns)


def _addition_rows(asked: list[Addition], judged: pd.DataFrame, seen: Listings) -> list[tuple[Any, ...]]:
    rows = []
    for fact in _facts(judged):
        one = asked[fact["request"]]
        good = fact["verdict"].startswith("FULFILLED") or fact["verdict"] == "IN_PROGRESS"
        flags = ("PARTIAL_EVIDENCE",) if fact["gap"] and good else ()
        evidence = {name: fact[name] for name in ("subject", "state", "told", "candidates", "gap")}
        why = fulfilment_words.of_addition(fact["verdict"], one, fact)
        rows.append(_row(one, fact["verdict"], flags, fact["candidates"], why, evidence, seen))
    return rows


def _change_rows(asked: list[Change], judged: pd.DataFrame, seen: Listings) -> list[tuple[Any, ...]]:
    rows = []
    for fact in _facts(judged):
        one = asked[fact["request"]]
        flags = tuple(sorted(set(fact["true_too"]) - {fact["verdict"]}))
        told = {name: fact[name] for name in ("named", "ran", "beyond")}
        evidence = {name: None if value is None else list(value) for name, value in told.items()}
        why = fulfilment_words.of_change(fact["verdict"], one, fact)
        whole = {**evidence, "gap": fact["gap"], "leaves_trace": fact["leaves_trace"]}
        rows.append(_row(one, fact["verdict"], flags, fact["executions"], why, whole, seen))
    return rows


def _facts(judged: pd.DataFrame) -> Iterator[Mapping[Any, Any]]:
    """Yield the rows; what is missing is None."""
    for row in judged.astype("object").to_dict("records"):
        yield {name: None if _is_none(value) else value for name, value in row.items()}


def _is_none(value: Any) -> bool:
    missing = pd.isna(value)
    return bool(missing) if isinstance(missing, bool) else False


def _row(
    one: Request,
    verdict: str,
    flags: tuple[str, ...],
    matched: int,
    why: str,
    told: Mapping[str, Any],
    seen: Listings,
) -> tuple[Any, ...]:
    evidence = {"snapshot": seen.snapshot_id, "rule_of_decision": verdict, **told}
    text = json.dumps(evidence, sort_keys=True, ensure_ascii=False)
    return (one.number, one.request_id, verdict, flags, 0, 0, int(matched), why, text)


def _summary(tables: list[list[tuple[Any, ...]]], found: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return per kind how many requests have which verdict, and how much was there that nobody asked for."""
    place = COLUMNS.index("verdict")
    counts = {}
    for kind, loose, rows in zip(
        ("addition", "change"), ("UNREQUESTED", "UNAPPROVED_CHANGE"), tables, strict=True
    ):
        names = pd.Series([row[place] for row in rows], dtype="str").value_counts().sort_index()
        alone = found[kind][found[kind].request_number.isna()]
        counts[f"{kind}s"] = {
            "judged": len(rows),
            "verdicts": {str(name): int(count) for name, count in names.items()},
            loose.lower(): len(alone),
        }
    return counts
