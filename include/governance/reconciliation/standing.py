"""How an exception stands, apart from counts: what it names that is gone, moved, ambiguous or not known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from governance.reconciliation.directory import NEVER_EVALUATED, Directory
from governance.reconciliation.exceptions import LiveException
from governance.register.canonical_scope import CanonicalScope
from governance.register.patterns import has_wildcard

_DEAD = ("orphaned_account", "orphaned_rule", "orphaned_resource")
_TARGET_ACCOUNT = re.compile(r"account/(\d{12})(?:/|$)")


@dataclass(frozen=True)
class Standing:
    """One scope or one exception. `state` is alive, suspended or one of the orphaned ones; `subject` what
    is gone. `gap` says which evidence is missing, None: none."""

    state: str = "alive"
    subject: str | None = None
    gap: str | None = None


ALIVE = Standing()


def is_steady_place(accounts: tuple[str, ...], units: tuple[str, ...], directory: Directory) -> bool:
    """Tell whether nothing is to be said of places that scopes name: they are there, and did not move."""
    if units and not (directory.evidence.organization_is_known and all(map(directory.units, units))):
        return False
    return not accounts or (
        not units and any(map(directory.is_present, directory.fitting_accounts(accounts)))
    )


def is_steady_rule(rules: tuple[str, ...], directory: Directory) -> bool:
    """Tell whether nothing is to be said of rules that scopes name: some are there, and none fails."""
    if not rules:
        return True
    found = {identity for value in rules for identity in directory.book.find(value)}
    return bool(found) and found.isdisjoint(directory.unsound_rules)


def of_scope(scope: CanonicalScope, evidence: Any, directory: Directory, matched: int) -> Standing:
    """Return how a scope stands; `evidence` is its row of `Matched.scope_evidence`."""
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


def _account_standing(scope: CanonicalScope, directory: Directory) -> Standing:
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


def _unknown_unit(scope: CanonicalScope, directory: Directory) -> str | None:
    if directory.evidence.organization_is_known:
        return None
    return f"where accounts are is not known, and the scope names {', '.join(scope.ou)}" if scope.ou else None


def _unknown_tags(scope: CanonicalScope, untagged: int, directory: Directory) -> str | None:
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


def combine(scopes: list[Standing]) -> Standing:
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
    target = target_account(exception)
    if target and any(not scope.account for scope in with_unit):
        named.add(target)
    return named


def target_account(exception: LiveException) -> str | None:
    """Return the account that is the target of an exception, or that its target is in."""
    found = _TARGET_ACCOUNT.match(exception.target or "")
    return found[1] if found else None


def _is_somewhere(account: str, exception: LiveException, directory: Directory) -> bool:
    return any(
        (not scope.account or account in directory.fitting_accounts(scope.account))
        and (not scope.ou or directory.in_units(account, scope.ou))
        for scope in exception.scopes
    )
