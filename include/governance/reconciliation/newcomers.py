"""What came into the scope of an exception since it was approved, item by item.

What a scope matched then need not be kept apart: the snapshot of the approval is immutable and its files are
in the manifest with their digests, so the scope is matched over it again. That is done only for exceptions
that grew beyond what is tolerated. Where the count is not the one of then, because the lake lost the snapshot
or the scopes were edited since, nothing is named, and that is said.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from sqlalchemy import Connection

from governance import resources
from governance.reconciliation import engine, evidence, frames
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import Approved, LiveException
from governance.reconciliation.growth import grown
from governance.reconciliation.judgement import Judgement
from governance.reconciliation.policy import ReconciliationPolicy
from governance.reconciliation.rules import RuleBook, identify
from governance.reconciliation.scopes import like

NAMED = 20
"""So many new items are named one by one; the counts and the digests are of all."""
_IN_WORDS = 3

Item = tuple[str, str, str, str, str]
"""account, region (`global` where the resource exists once), canonical rule, resource type, resource id"""


@dataclass(frozen=True)
class Then:
    """What is needed to look at the snapshots of approvals."""

    connection: Connection
    policy: ReconciliationPolicy
    lake: str | None = None

    def open(self, approved: Approved) -> AbstractContextManager[Evidence]:
        """Open the snapshot of an approval as it was read then: what was fresh then counts as fresh."""
        limits = self.policy.evidence
        return evidence.opened(self.connection, approved.snapshot_id, approved.at, limits, self.lake)


def named(judgement: Judgement, live: Iterable[LiveException], known: Evidence, then: Then) -> Judgement:
    """Return the judgement in which exceptions that grew say what is new: verdict, finding, evidence."""
    drifted = judgement.verdicts[judgement.verdicts.verdict == "SCOPE_DRIFT"]
    matched = {str(row.request_id): int(row.matched) for row in frames.rows(drifted)}
    growth = {}
    with ExitStack() as stack:
        opened: dict[str, Evidence] = {}
        for one in live:
            approved, now = one.approved, matched.get(one.request_id)
            if approved is None or now is None or grown(one, now) is None:
                continue
            snapshot = approved.snapshot_id
            if snapshot not in opened:
                opened[snapshot] = stack.enter_context(then.open(approved))
            before, after = (matched_items(seen, one, then.policy) for seen in (opened[snapshot], known))
            growth[one.request_id] = compared(before, after, approved.matched, now)
    if not growth:
        return judgement
    return replace(
        judgement,
        verdicts=_told(judgement.verdicts, "request_id", growth),
        exception_findings=_told(judgement.exception_findings, "finding_key", growth),
    )


def compared(before: set[Item], after: set[Item], counted: int, matched: int) -> dict[str, Any]:
    """Return the growth as evidence holds it: counts, digests of both sets, new items and resources.

    `counted` and `matched` are what the verdicts of then and of now counted.
    """
    told: dict[str, Any] = {"digest_at_approval": digest(before), "digest_now": digest(after)}
    if (len(before), len(after)) != (counted, matched):
        return {
            **told,
            "not_named": f"in the snapshot of the approval its scope matches {len(before):,} items now, and "
            f"{counted:,} were counted then: the snapshot or the scope has changed",
        }
    new = sorted(after - before)
    things = {(account, region, kind, name) for account, region, _, kind, name in after}
    old = {(account, region, kind, name) for account, region, _, kind, name in before}
    return {
        **told,
        "new_items": len(new),
        "new_resources": len(things - old),
        "gone_items": len(before - after),
        "named": [dict(zip(_NAMES, item, strict=True)) for item in new[:NAMED]],
        "named_resources": [" ".join(thing) for thing in sorted(things - old)[:_IN_WORDS]],
    }


_NAMES = ("account", "region", "rule", "resource_type", "resource_id")


def digest(items: Iterable[Item]) -> str:
    """Return the SHA-256 of a set of items, whatever their order."""
    return sha256("\n".join(sorted("\t".join(item) for item in items)).encode()).hexdigest()


def matched_items(known: Evidence, one: LiveException, policy: ReconciliationPolicy) -> set[Item]:
    """Return every item, compliant or not, that an exception matches in a snapshot.

    The engine itself matches them: over a copy in which everything that can be in scope is not compliant, so
    that its narrow result lists it all.
    """
    if not known.evaluations:
        return set()
    with (
        tempfile.TemporaryDirectory(prefix="governance-newcomers-") as scratch,
        engine.database(Path(scratch)) as database,
    ):
        copy = Path(scratch) / "evaluations.parquet"
        _copy(database, known, one, copy)
        engine.match(database, replace(known, evaluations=(copy,), index=None), [one], policy)
        question = resources.sql("reconciliation/matched_items.sql")
        rows = database.execute(question, {"file": str(copy)}).fetchall()
    return {
        (account, "global" if policy.is_global(kind) else region, identify(rule, creator).name, kind, name)
        for account, region, rule, creator, kind, name in rows
    }


def _copy(database: duckdb.DuckDBPyConnection, known: Evidence, one: LiveException, file: Path) -> None:
    """Copy what can be in scope, and one row of every other rule: which is meant rests on all of them."""
    files = [str(path) for path in known.evaluations]
    deployed = database.execute(
        "SELECT DISTINCT rule, creator FROM read_parquet($files)", {"files": files}
    ).fetchall()
    listed = zip(known.rules.rule, known.rules.creator, strict=True)
    book = RuleBook([*deployed, *((rule, None if pd.isna(creator) else creator) for rule, creator in listed)])
    meant = {rule for scope in one.scopes for value in scope.rule for rule in book.find(value)}
    any_rule = any(not scope.rule for scope in one.scopes)
    any_account = any(not scope.account for scope in one.scopes)
    named = {
        "rules": [rule for rule, creator in deployed if any_rule or identify(rule, creator) in meant],
        "accounts": ["%"] if any_account else [like(name) for scope in one.scopes for name in scope.account],
    }
    database.execute(resources.sql("reconciliation/in_question.sql"), {"files": files, **named})
    database.execute(f"COPY in_question TO '{file}' (FORMAT parquet)")
    database.execute("DROP TABLE in_question")


def _told(frame: pd.DataFrame, key: str, growth: Mapping[str, dict[str, Any]]) -> pd.DataFrame:
    """Return verdicts or findings with what is new in their sentence and their evidence."""
    found = frame.copy()
    for index in found.index[found[key].isin(list(growth))]:
        told = growth[str(found.at[index, key])]
        found.at[index, "why"] = f"{str(found.at[index, 'why']).removesuffix('.')}; {_words(told)}."
        content = {**json.loads(str(found.at[index, "evidence"])), "growth": told}
        found.at[index, "evidence"] = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return found


def _words(told: Mapping[str, Any]) -> str:
    if "not_named" in told:
        return f"what is new cannot be named: {told['not_named']}"
    names = ", ".join(told["named_resources"])
    more = told["new_resources"] - len(told["named_resources"])
    which = f": {names}{f' and {more:,} more' if more else ''}" if names else ""
    return f"new are {told['new_items']:,} items of {told['new_resources']:,} resources{which}"
