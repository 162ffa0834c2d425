"""Carve-outs of service and resource control policies, and accounts that a required policy does not reach.

A statement that denies unless a condition is met lets through whoever meets it: every value of a negated
condition on an account, a principal, a unit, a tag or a region is a live exception, and so is what NotAction
and NotResource leave out. Keys of one statement are joined by AND, so each lets through on its own. What a
positive condition does not name is the reach of the policy, not an exception from it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.reconciliation.directory import Directory
from governance.reconciliation.evidence import Evidence
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.planes.control_tower import governed_regions
from governance.reconciliation.planes.listings import Listing, document
from governance.reconciliation.planes.live import Found, Kind, Live
from governance.reconciliation.policy import LiveExceptionPolicy, RequiredPolicy
from governance.register.patterns import matches

TYPES = frozenset({"SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"})
_NEGATED = frozenset({
    "stringnotequals", "stringnotequalsignorecase", "stringnotlike", "arnnotequals", "arnnotlike"
})  # fmt: skip
_KEYS: dict[str, Kind] = {
    "aws:principalaccount": "account", "aws:resourceaccount": "account", "aws:sourceaccount": "account",
    "aws:principalarn": "principal", "aws:requestedregion": "region",
    "aws:principalorgpaths": "unit", "aws:resourceorgpaths": "unit",
}  # fmt: skip
_TAGS = ("aws:principaltag/", "aws:resourcetag/")


@dataclass(frozen=True)
class _AskedFor:
    """A policy that a request exempts accounts from, or what is in units; both named: those in both."""

    policy: str
    account: tuple[str, ...]
    ou: tuple[str, ...]


@dataclass(frozen=True)
class Window:
    """From when on evidence counts (UTC), by service."""

    organizations: datetime
    config: datetime


def live(
    found: Found,
    known: Evidence,
    directory: Directory,
    policy: LiveExceptionPolicy,
    window: Window,
    exceptions: Sequence[LiveException] = (),
) -> list[Live]:
    """Return every live exception of Organizations; what is not known goes to `found.gaps`.

    `exceptions` are the requests: an account that one of them names is looked for among those that its policy
    does not reach, whether the policy is a required one or not.
    """
    documents = Listing.read(known, "organizations/policies", window.organizations)
    targets = Listing.read(known, "organizations/policy_targets", window.organizations)
    rows = [row for row in documents.records() if row["type"] in TYPES and not row["aws_managed"]]
    unread = [row["name"] for row in rows if not isinstance(document(row.get("content")), dict)]
    gap = (
        documents.gap
        or targets.gap
        or (f"what policy {unread[0]} says was not collected" if unread else None)
    )
    sought: list[RequiredPolicy | _AskedFor] = [*policy.required_policies, *_asked_for(exceptions)]
    gap = gap or (_unplaced(directory) if sought else None)
    if gap:
        found.gaps["organizations", "*", "*"] = gap
    reached: dict[str, set[str]] = {}
    for row in targets.records():
        reached.setdefault(str(row["policy"]), set()).add(str(row["target"]))
    governed = governed_regions(known, window.config)
    carved = [
        one for row in rows if row["policy"] in reached or targets.gap for one in carve_outs(row, governed)
    ]
    if targets.gap or documents.gap:
        return carved
    without = _detached(rows, reached, directory, sought)
    told = {one.key: one for one in [*without, *carved]}  # carved out as well: that is said once
    return list(told.values())


def names_of(row: dict[str, Any]) -> frozenset[str]:
    """Return what a scope may call a policy."""
    return frozenset({str(row["policy"]), str(row["name"])})


def carve_outs(row: dict[str, Any], governed: frozenset[str] | None) -> Iterator[Live]:
    """Yield what the statements of one policy let through; regions that are governed are none."""
    seen = set()
    for number, statement in enumerate(_list((document(row.get("content")) or {}).get("Statement"))):
        if statement.get("Effect") != "Deny":
            continue
        for kind, value, told in _let_through(statement):
            if (kind, value) in seen or (kind == "region" and governed is not None and value in governed):
                continue
            seen.add((kind, value))
            unsure = kind == "region" and governed is None
            yield Live(
                "organizations", kind, str(row["name"]), value, names_of(row),
                account=value if kind == "account" else _account_of(value) if kind == "principal" else None,
                unit=value if kind == "unit" else None,
                gap="the regions that the landing zone governs are not known" if unsure else None,
                evidence={"dataset": "organizations/policies", "policy": row["policy"], "type": row["type"],
                          "statement": statement.get("Sid") or number, "by": told,
                          "content_sha256": row["content_sha256"]},
            )  # fmt: skip


def _let_through(statement: dict[str, Any]) -> Iterator[tuple[Kind, str, str]]:
    """Yield kind, value, and the element of the statement that says so."""
    for element, kind in (("NotAction", "action"), ("NotResource", "resource")):
        for value in _list(statement.get(element)):
            yield kind, str(value), element  # type: ignore[misc] # the pairs above are kinds
    for operator, keys in (statement.get("Condition") or {}).items():
        plain = operator.rpartition(":")[2].lower().removesuffix("ifexists")
        for key, values in keys.items() if plain in _NEGATED else ():
            for value in _list(values):
                found = _read(key, str(value))
                if found:
                    yield *found, f"{operator} {key}"


def _read(key: str, value: str) -> tuple[Kind, str] | None:
    """Return what a value of a condition key lets through; None: nothing that a request would name."""
    lower = key.lower()
    if lower.startswith(_TAGS):
        return "tag", f"{key.partition('/')[2]}={value}"
    kind = _KEYS.get(lower)
    if kind == "unit":
        units = [part for part in value.split("/") if part.startswith(("ou-", "r-"))]
        return ("unit", units[-1]) if units else None
    return (kind, value) if kind else None


def _unplaced(directory: Directory) -> str | None:
    """Say which active account is nobody knows where; None: all have their place."""
    active = (one for one, state in directory.states.items() if state == "ACTIVE")
    first = next((one for one in active if not directory.chains[one]), None)
    return f"where account {first} is in the organization is not known" if first else None


def _asked_for(exceptions: Sequence[LiveException]) -> list[_AskedFor]:
    """Return from which policies which accounts and units are to be exempt, in force or until it ended."""
    return [
        _AskedFor(pattern, scope.account, scope.ou)
        for one in exceptions if one.phase != "upcoming" and not one.problem
        for scope in one.elsewhere if not scope.lets_through and (scope.account or scope.ou)
        for pattern in scope.policy
    ]  # fmt: skip


def _detached(
    rows: list[dict[str, Any]],
    reached: dict[str, set[str]],
    directory: Directory,
    required_policies: Sequence[RequiredPolicy | _AskedFor],
) -> list[Live]:
    """Return the active accounts that a policy does not reach although it must, or need not any more."""
    found = []
    for required in required_policies:
        fitting = [row for row in rows if any(matches(required.policy, name) for name in names_of(row))]
        if isinstance(required, _AskedFor) and not fitting:
            continue  # there is no such policy: the request says so
        targets = {target for row in fitting for target in reached.get(str(row["policy"]), ())}
        names = frozenset({required.policy}).union(*(names_of(row) for row in fitting))
        for account in filter(directory.chains.get, directory.accounts):  # the others: nobody knows where
            within = not required.ou or directory.in_units(account, required.ou)
            if isinstance(required, _AskedFor) and required.account:
                within = within and any(matches(pattern, account) for pattern in required.account)
            chain = directory.chains[account] | {account}
            if within and directory.states.get(account) == "ACTIVE" and not chain & targets:
                found.append(
                    Live("organizations", "account", required.policy, account, names, account=account,
                         evidence={"dataset": "organizations/policy_targets", "detached": True})
                )  # fmt: skip
    return found


def _account_of(arn: str) -> str | None:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 and parts[4].isdigit() else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
