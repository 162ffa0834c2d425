"""Whether a scope of AWS Config covers what is no evaluation: a whole account under a rule, or a resource.

The answer has four values, because a scope may cover only a part, and because what it asks for may not be
known: tags of a resource that was not evaluated, units while the organization is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from governance.reconciliation.arns import resource_tests, service_of
from governance.reconciliation.directory import Directory
from governance.reconciliation.exceptions import LiveException
from governance.reconciliation.rules import Identity, names_of
from governance.reconciliation.scopes import ambiguous_rules
from governance.register.canonical_scope import CanonicalDimensions, CanonicalScope
from governance.register.patterns import has_wildcard, matches

Fit = Literal["no", "part", "unknown", "yes"]


@dataclass(frozen=True)
class Subject:
    """What may be covered; None of region, resource_type, resource: all there are."""

    account: str
    rules: frozenset[Identity]
    region: str | None = None
    resource_type: str | None = None
    resource: str | None = None


class Scopes:
    """The scopes of all exceptions, looked up by the accounts and rules they name: there may be many."""

    def __init__(self, exceptions: Iterable[LiveException], directory: Directory) -> None:
        self._exceptions, self._directory = exceptions, directory

    @cached_property
    def _lists(self) -> dict[str | Identity | None, list[LiveException]]:
        """The exceptions by what they are looked for by; made once there is something to look for."""
        lists: dict[str | Identity | None, list[LiveException]] = {}
        for one in self._exceptions:
            for scope in () if ambiguous_rules(one, self._directory) else one.scopes:  # these cover nothing
                for name in self._names(scope):
                    lists.setdefault(name, []).append(one)
        return lists

    def _names(self, scope: CanonicalScope) -> Iterable[str | Identity | None]:
        """Return the accounts or rules that a scope is looked for by; None: by neither."""
        if scope.account and not any(has_wildcard(value) for value in scope.account):
            return scope.account
        rules = [self._directory.book.find(value) for value in scope.rule]
        return frozenset[Identity]().union(*rules) if rules and all(rules) else (None,)

    def covering(self, subject: Subject) -> dict[Fit, list[LiveException]]:
        """Return the exceptions by how far they cover the subject; those that do not are left out."""
        lists = [self._lists.get(name, []) for name in (subject.account, None, *subject.rules)]
        near = {one.number: one for some in lists for one in some}
        found: dict[Fit, list[LiveException]] = {"yes": [], "part": [], "unknown": []}
        for _, one in sorted(near.items()):
            answers = {fit(scope, subject, self._directory) for scope in one.scopes}
            answer: Fit | None = next((value for value in found if value in answers), None)
            if answer:
                found[answer].append(one)
        return found


def fit(scope: CanonicalScope, subject: Subject, directory: Directory) -> Fit:
    """Tell how far a scope covers the subject. Exclusions inside the scope count."""
    inside = _conjunction(scope, subject, directory)
    if inside == "no" or not scope.exclude:
        return inside
    outside = {_conjunction(one, subject, directory) for one in scope.exclude}
    if "yes" in outside:
        return "no"
    return next((answer for answer in _ORDER if answer == inside or answer in outside - {"no"}), inside)


_ORDER: tuple[Fit, ...] = ("no", "unknown", "part", "yes")
"""The first that holds of any dimension holds of all of them together."""


def _conjunction(named: CanonicalDimensions, subject: Subject, directory: Directory) -> Fit:
    """Compare what is named; there may be many scopes, so what is not named costs nothing."""
    answers: set[Fit] = {"unknown"} if named.tag else {"yes"}
    if named.account:
        answers.add(_one(named.account, subject.account))
    if named.region:
        answers.add(_one(named.region, subject.region))
    if named.resource_type:
        answers.add(_one(named.resource_type, subject.resource_type))
    if named.ou:
        answers.add(_unit(named.ou, subject.account, directory))
    if named.rule:
        answers.add(_rule(named.rule, subject.rules, directory))
    if named.resource:
        answers.add(_resource(named.resource, subject))
    return next(answer for answer in _ORDER if answer in answers)


def _one(values: tuple[str, ...], value: str | None) -> Fit:
    if value is None:
        return "part"
    return "yes" if any(matches(pattern, value) for pattern in values) else "no"


def _unit(values: tuple[str, ...], account: str, directory: Directory) -> Fit:
    if directory.in_units(account, values):
        return "yes"
    return "no" if directory.evidence.organization_is_known else "unknown"


def _rule(values: tuple[str, ...], rules: frozenset[Identity], directory: Directory) -> Fit:
    if any(rules & directory.book.find(value) for value in values):
        return "yes"
    names = {name for rule in rules for name in names_of(rule, ())}  # deployed nowhere, it has a name still
    return "yes" if any(matches(value, name) for value in values for name in names) else "no"


def _resource(values: tuple[str, ...], subject: Subject) -> Fit:
    if subject.resource is None:
        return "part"
    return "yes" if any(_is_resource(value, subject) for value in values) else "no"


def _is_resource(value: str, subject: Subject) -> bool:
    service = service_of(subject.resource_type or "")
    return any(
        matches(test.value, subject.resource or "")
        and matches(test.account or "*", subject.account)
        and matches(test.region or "*", subject.region or "")
        and matches(test.service or "*", service)
        for test in resource_tests(value)
    )
