"""Deviations: non-compliant items that nobody approved, as findings; worded only where something changed.

What all of them follow from has one digest, the basis: what was evaluated, what became of each item, and what
is said of it. Where it is the one of last time, the findings that are open say what these would say.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from inspect import getsource
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from governance.reconciliation import columns, engine, frames, owners
from governance.reconciliation.columns import joined, taken
from governance.reconciliation.directory import Directory
from governance.reconciliation.engine import Matched
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.matching.arrays import Array, narrow
from governance.reconciliation.owners import accountable
from governance.reconciliation.policy import ReconciliationPolicy
from governance.reconciliation.scopes import like
from governance.register import findings as register_findings
from governance.register import ownership, patterns
from governance.register.findings import COLUMNS, Standing
from governance.register.ownership import OwnershipPolicy

TOP = 20
"""Rows of each top list."""


@dataclass(frozen=True)
class Deviations:
    """What there is of them. `standing`: what they rest on, and `by_rule` and `by_owner` for the summary.

    `findings` (columns: `register.findings.COLUMNS`) None: they say what they said before.
    """

    standing: Standing
    findings: pd.DataFrame | None


def deviations(
    connection: duckdb.DuckDBPyConnection,
    exceptions: list[LiveException],
    matched: Matched,
    policy: ReconciliationPolicy,
    owners: OwnershipPolicy,
    before: Standing | None,
) -> Deviations:
    """Return the deviations of a snapshot that was matched; `before` is what those rest on that are open."""
    directory = matched.directory
    basis = _basis(exceptions, matched, policy, owners)
    if before is not None and before.basis == basis:
        return Deviations(before, None)
    engine.publish(connection, matched)
    found = of_deviations(engine.deviations(connection), exceptions, directory, policy, owners)
    return Deviations(Standing(basis, {"by_rule": _by_rule(found), "by_owner": _by_owner(found)}), found)


def _basis(
    exceptions: list[LiveException], matched: Matched, policy: ReconciliationPolicy, owners: OwnershipPolicy
) -> str:
    """Return the digest of all that the findings follow from, but not of which snapshot it was read.

    The same evaluations are the same items in the same order, so of these it is enough what became of each.
    """
    directory = matched.directory
    units = {account: directory.unit_path(account) for account in directory.accounts}
    ended, became = _became(exceptions, matched)
    parts = (
        directory.evidence.evaluated, repr(_said(matched, policy)), repr(ended),
        json.dumps(units, sort_keys=True), owners.model_dump_json(), _wording(),
    )  # fmt: skip
    digest = sha256("\0".join(parts).encode())
    digest.update(became.tobytes())
    return digest.hexdigest()


def _became(exceptions: list[LiveException], matched: Matched) -> tuple[list[str], Array]:
    """Return the expired exceptions that covered any deviation last, in words, and what became of each item.

    That is the number of the request of the exception, 0 where none ever covered it, -1: it is no deviation.
    What shows several times and counts once is none where it shows; what it counts as comes behind.
    """
    columns = matched.compiled.columns
    numbers = np.array([one.number for one in exceptions], dtype="int64")
    of_rank = np.zeros(int(columns.rank.max(initial=-1)) + 2, dtype="int64")
    of_rank[columns.rank] = numbers[columns.exception]
    became = matched.outcome.deviations(narrow(of_rank))
    there = np.isin(numbers, became)
    ended = [one for one, is_there in zip(exceptions, there.tolist(), strict=True) if is_there]
    return [f"{one.number} {one.request_id} {one.valid_until}" for one in ended], became


def _said(matched: Matched, policy: ReconciliationPolicy) -> list[tuple[str, ...]]:
    """Return per deployed rule what is said of deviations from it; its canonical name first."""
    directory = matched.directory
    found: list[tuple[str, ...]] = []
    for number, (rule, _, _) in zip(matched.ground.kind.tolist(), directory.deployed, strict=True):
        kind = directory.kinds[number]
        creator, control = kind.identity.creator, kind.identity.name
        ambiguous = str(directory.book.is_ambiguous(control))
        found.append((control, creator, rule, kind.resource_type, policy.severity_of(control), ambiguous))
    return found


@cache
def _wording() -> str:
    """Return the code that words deviations and finds their owners: where it changed, all is said anew."""
    here = sys.modules[__name__]
    worded_by = (here, columns, like, owners, ownership, patterns, register_findings)
    return "\0".join(getsource(one) for one in worded_by)


def _by_rule(found: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rules with the most deviations; expired: those that an exception covered once."""
    expired = found.rule[found.request_number.notna()].value_counts()
    return [
        {"rule": rule, "deviations": count, "expired": int(expired.get(rule, 0))}
        for rule, count in _top(found.rule)
    ]


def _by_owner(found: pd.DataFrame) -> list[dict[str, Any]]:
    return [{"owner": owner, "deviations": count} for owner, count in _top(found.owner)]


def _top(named: pd.Series) -> list[tuple[str, int]]:
    counts = [(str(name), int(count)) for name, count in named.value_counts().items()]
    return sorted(counts, key=lambda pair: (-pair[1], pair[0]))[:TOP]


def of_deviations(
    items: pd.DataFrame,
    exceptions: list[LiveException],
    directory: Directory,
    policy: ReconciliationPolicy,
    owners: OwnershipPolicy,
) -> pd.DataFrame:
    """Return the findings of family `deviation`: one per non-compliant item that nobody approved.

    `rule` is the canonical name; the deployed name and the creator are in the evidence, as is the subtype
    EXPIRED with the exception that once covered it.
    """
    kinds = directory.kinds
    items = items.assign(
        creator=taken([kind.identity.creator for kind in kinds], items.kind),
        control=taken([kind.identity.name for kind in kinds], items.kind),
        resource_type=taken([kind.resource_type for kind in kinds], items.kind),
        expired=items.expired.astype("Int64").fillna(len(exceptions)).astype("int64"),
    )
    severities: list[str] = [policy.severity_of(kind.identity.name) for kind in kinds]
    key = ("account", "region", "creator", "control", "resource_type", "resource_id")
    numbers = pd.Series([*(one.number for one in exceptions), None], dtype="Int64")
    found = {
        "finding_key": joined(*[part for name in key for part in ("|", items[name])][1:]),
        "type": "UNAPPROVED_DEVIATION",
        "severity": taken(severities, items.kind),
        "request_number": numbers.take(items.expired.to_numpy()).set_axis(items.index),
        "account": items.account,
        "region": items.region,
        "rule": items.control,
        "resource_type": items.resource_type,
        "resource_id": items.resource_id,
        "owner": accountable(items, directory, owners),
        "why": _why(items, exceptions),
        "evidence": _evidence(items, exceptions, directory),
    }
    return register_findings.typed(pd.DataFrame(found, columns=list(COLUMNS), index=items.index))


def _why(items: pd.DataFrame, exceptions: list[LiveException]) -> pd.Series:
    """Say in one sentence why each item is a deviation."""
    ends = [
        f"; {one.request_id} covered it until {one.valid_until:%Y-%m-%d}." if one.valid_until else ""
        for one in exceptions
    ]
    end = taken([*ends, " and no approved exception covers it."], items.expired)
    return joined(
        items.resource_type, " ", items.resource_id, " in account ", items.account, " (", items.region,
        ") is not compliant with ", items.control, end,
    )  # fmt: skip


def _evidence(items: pd.DataFrame, exceptions: list[LiveException], directory: Directory) -> pd.Series:
    """Say what the sentences rest on. Many items rest on the same, so each text is written once."""
    what = items[["creator", "rule", "control", "expired"]]
    same = what.groupby(list(what.columns), sort=False).ngroup()
    texts = []
    for creator, rule, control, expired in what[~same.duplicated()].itertuples(index=False, name=None):
        evidence: dict[str, Any] = {
            "snapshot": directory.evidence.snapshot_id,
            "creator": creator or "customer",
            "deployed_rule": rule,
            "rule_of_decision": "UNAPPROVED_DEVIATION",
        }
        if directory.book.is_ambiguous(control):
            evidence["scope_rule"] = f"{evidence['creator']}/{control}"
        if expired < len(exceptions):
            evidence |= {"subtype": "EXPIRED", "exception": exceptions[expired].request_id}
        texts.append(json.dumps(evidence, sort_keys=True, ensure_ascii=False))
    return taken(texts, same)


def unknown(open_findings: pd.DataFrame, evidence: Evidence, directory: Directory) -> pd.Series:
    """Return the keys of open deviations (finding_key, account, region, rule) that nothing fresh tells of.

    A global resource is known only while every region of its account is. An account that is gone takes its
    deviations with it.
    """
    places = evidence.places
    fresh = set(zip(places.account[places.fresh], places.region[places.fresh], strict=True))
    partly = set(places.account[~places.fresh])
    whole = {(account, "global") for account in places.account if account not in partly}
    known = fresh | whole
    failing = {rule.name for rule in directory.failing_rules}
    keep = [
        ((row.account, row.region) not in known or row.rule in failing)
        and not directory.is_gone(str(row.account))
        for row in frames.rows(open_findings)
    ]
    return open_findings.finding_key[pd.Series(keep, index=open_findings.index, dtype=bool)]
