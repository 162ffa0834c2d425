"""How an exception stands, apart from counts: what it names that is gone, moved, ambiguous or not known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from governance.reconciliation import frames
from governance.reconciliation.directory import NEVER_EVALUATED, Directory
from governance.reconciliation.engine import Matched
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.growth import grown
from governance.reconciliation.scopes import ambiguous_rules
from governance.register.patterns import has_wildcard
from governance.register.scope import Scope

_DEAD = ("orphaned_account", "orphaned_rule", "orphaned_resource")
_TARGET_ACCOUNT = re.compile(r"account/(\d{12})(?:/|$)")


@dataclass(frozen=True)
class Standing:
    """One scope or one exception. `state` is alive, suspended or one of the orphaned ones; `subject` what
    is gone. `gap` says which evidence is missing, None: none."""

    state: str = "alive"
    subject: str | None = None
    gap: str | None = None


def facts(
    exceptions: list[LiveException],
    matched: Matched,
    clean_before: dict[int, int],
    stale_after: int,
) -> pd.DataFrame:
    """Return one row per exception: what `verdicts.sql` decides on, plus what is told to people.

    `clean_before` counts by request number the fresh observations before this one that found it clean.
    Columns: exception, phase, problem, ambiguous, state, subject, gap, drift, matched, assessed, covered,
    stale, won, clean_observations, stale_after.
    """
    columns = (matched.counts[name].tolist() for name in ("exception", *_COUNTS))
    counts = {index: found for index, *found in zip(*columns, strict=True)}
    evidence = _by_exception(matched)
    rows = []
    for index, exception in enumerate(exceptions):
        found = counts.get(index, [0] * len(_COUNTS))
        scopes = [
            _scope_standing(scope, seen, matched.directory, found[0])
            for scope, seen in zip(exception.scopes, evidence.get(index, _unseen(exception)), strict=True)
        ]
        standing = _combine(scopes)
        ambiguous = ", ".join(ambiguous_rules(exception, matched.directory)) or None
        moved = drift(exception, matched.directory) or grown(exception, found[0])
        clean = clean_before.get(exception.number, 0) + 1
        told = (exception.phase, exception.problem, ambiguous, standing.state, standing.subject, standing.gap)
        rows.append((index, *told, moved, *found, clean, stale_after))
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


_COUNTS = ("matched", "assessed", "covered", "stale", "won")
_COLUMNS = {
    "exception": "int64", "phase": "str", "problem": "str", "ambiguous": "str", "state": "str",
    "subject": "str", "gap": "str", "drift": "str", "matched": "int64", "assessed": "int64",
    "covered": "int64", "stale": "int64", "won": "int64", "clean_observations": "int64",
    "stale_after": "int64",
}  # fmt: skip


def _by_exception(matched: Matched) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in frames.rows(matched.scope_evidence):
        found.setdefault(matched.compiled.of[row.scope], []).append(row)
    return found


@dataclass(frozen=True)
class _Unseen:
    has_place: bool = False
    gap: str | None = None
    seen: bool = True
    untagged: int = 0


def _unseen(exception: LiveException) -> list[Any]:
    """Evidence of scopes that were not matched, because the exception is ambiguous."""
    return [_Unseen()] * len(exception.scopes)


def _scope_standing(scope: Scope, evidence: Any, directory: Directory, matched: int) -> Standing:
    account = _account_standing(scope, directory)
    if account.state != "alive" or account.gap:
        return account
    gap = evidence.gap if isinstance(evidence.gap, str) else _unknown_unit(scope, directory)
    complete = gap is None and evidence.has_place
    rules = {identity for value in scope.rule for identity in directory.book.find(value)}
    if scope.rule and not rules:
        name = ", ".join(scope.rule)
        if complete and directory.evidence.rules_are_known:
            return Standing("orphaned_rule", name)
        return Standing(gap=gap or f"rule {name} was not met, but not all rules are known")
    if scope.resource and not any(has_wildcard(value) for value in scope.resource) and not evidence.seen:
        name = ", ".join(scope.resource)
        if complete:
            return Standing("orphaned_resource", name)
        return Standing(
            gap=gap or f"resource {name} was not met, but no account that holds resources is in scope"
        )
    gap = gap or _unknown_tags(scope, int(evidence.untagged), directory)
    return Standing(gap=gap or _unsound(rules, directory, matched))


def _account_standing(scope: Scope, directory: Directory) -> Standing:
    """Tell whether any account that the scope names is there."""
    if not scope.account:
        return Standing()
    accounts = directory.fitting_accounts(scope.account)
    if any(directory.is_present(account) for account in accounts):
        return Standing()
    named = ", ".join(scope.account)
    suspended = [account for account in accounts if directory.states.get(account) == "SUSPENDED"]
    if suspended:
        return Standing("suspended", suspended[0])
    known = accounts or directory.evidence.organization_is_known
    if known and all(directory.is_gone(account) for account in accounts):
        return Standing("orphaned_account", named)
    return Standing(gap=f"account {named} was not met, but not all accounts are known")


def _unknown_unit(scope: Scope, directory: Directory) -> str | None:
    if directory.evidence.organization_is_known:
        return None
    return f"where accounts are is not known, and the scope names {', '.join(scope.ou)}" if scope.ou else None


def _unknown_tags(scope: Scope, untagged: int, directory: Directory) -> str | None:
    if not any(named.tag for named in (scope, *scope.exclude)):
        return None
    if not directory.evidence.tags_are_known:
        return "tags of resources were not collected"
    return f"tags of {untagged:,} evaluations in its scope were not collected" if untagged else None


def _unsound(rules: set[Any], directory: Directory, matched: int) -> str | None:
    found = sorted(
        f"rule {rule.name}: {directory.unsound_rules[rule]}"
        for rule in rules & directory.unsound_rules.keys()
    )
    return next((words for words in found if matched == 0 or not words.endswith(NEVER_EVALUATED)), None)


def _combine(scopes: list[Standing]) -> Standing:
    """Scopes are alternatives: an exception is gone only when all of them are; one gap is a gap."""
    states = {scope.state for scope in scopes}
    if scopes and "alive" not in states:
        state = "suspended" if "suspended" in states else min(states, key=_DEAD.index)
        return Standing(state, min(str(scope.subject) for scope in scopes if scope.state == state))
    return Standing(gap=min((scope.gap for scope in scopes if scope.gap), default=None))


def drift(exception: LiveException, directory: Directory) -> str | None:
    """Say which account left the unit it was approved in, or which unit is gone; None: nothing moved."""
    if not directory.evidence.organization_is_known:
        return None
    left = sorted(
        account
        for account in _named_accounts(exception)
        if directory.is_present(account) and not _is_somewhere(account, exception, directory)
    )
    if left:
        units = sorted({unit for scope in exception.scopes for unit in scope.ou})
        return f"account {left[0]} is no longer in {', '.join(units)}"
    gone = sorted(
        value for scope in exception.scopes if scope.ou and not scope.account
        for value in scope.ou if not directory.units(value)
    )  # fmt: skip
    return f"organizational unit {gone[0]} is gone" if gone else None


def _named_accounts(exception: LiveException) -> set[str]:
    """Accounts that an exception names beside a unit: in a scope, or as its target."""
    with_unit = [scope for scope in exception.scopes if scope.ou]
    named = {value for scope in with_unit for value in scope.account if not has_wildcard(value)}
    target = _TARGET_ACCOUNT.match(exception.target or "")
    if target and any(not scope.account for scope in with_unit):
        named.add(target[1])
    return named


def _is_somewhere(account: str, exception: LiveException, directory: Directory) -> bool:
    return any(
        (not scope.account or account in directory.fitting_accounts(scope.account))
        and (not scope.ou or directory.in_units(account, scope.ou))
        for scope in exception.scopes
    )
