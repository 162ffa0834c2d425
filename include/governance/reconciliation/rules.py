"""Which rule is meant: (creator, canonical name), whatever suffix a service generated for one deployment.

Only for rules that a service created is a generated suffix stripped; a customer's rule that merely looks
like one keeps its name. A person may write the canonical name, the name without its suffix, the full name of
any deployment, or `creator/name` ('customer/name' for one of their own) where one canonical name fits
several rules.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, takewhile

from governance.register.patterns import has_wildcard, matches

_SECURITY_HUB = re.compile(r"(securityhub-(.+))-[0-9a-z]{6,8}", re.IGNORECASE | re.DOTALL)
_ORGANIZATION = re.compile(r"(OrgConfigRule-(.+))-[0-9a-z]{8}", re.IGNORECASE | re.DOTALL)
_CONFORMANCE_PACK = re.compile(r"((.+)-conformance-pack)-[0-9a-z]{9}", re.IGNORECASE | re.DOTALL)

_GENERATED = (
    ("securityhub.amazonaws.com", _SECURITY_HUB),
    ("config-multiaccountsetup.amazonaws.com", _ORGANIZATION),
    ("config-conforms.amazonaws.com", _CONFORMANCE_PACK),
)


@dataclass(frozen=True, order=True)
class Identity:
    """One rule across all its deployments. `creator` is '' for a rule of the customer."""

    creator: str
    name: str


def identify(rule: str, creator: str | None) -> Identity:
    """Return the identity of a deployed rule; `creator` None: not known, so the name has to tell.

    >>> identify("securityhub-s3-public-1a2b3c4d", "securityhub.amazonaws.com")
    Identity(creator='securityhub.amazonaws.com', name='s3-public')
    >>> identify("securityhub-s3-public-1a2b3c4d", "")
    Identity(creator='', name='securityhub-s3-public-1a2b3c4d')
    """
    if creator == "":
        return Identity("", rule)
    for service, pattern in _GENERATED:
        found = pattern.fullmatch(rule)
        if found:
            return Identity(creator or service, found[2])
    return Identity(creator or "", rule)


def names_of(identity: Identity, rules: Iterable[str]) -> frozenset[str]:
    """Return every name a person may write for a rule: canonical, qualified, deployed, without suffix."""
    names = {identity.name, f"{identity.creator or 'customer'}/{identity.name}"}
    for rule in rules:
        names.add(rule)
        for _, pattern in _GENERATED:
            found = pattern.fullmatch(rule) if identity.creator else None
            if found:
                names.add(found[1])
    return frozenset(names)


class RuleBook:
    """All rules that are known: by name, by pattern. Built from (rule, creator) of every deployment."""

    def __init__(self, deployed: Iterable[tuple[str, str | None]]) -> None:
        rules: dict[Identity, set[str]] = {}
        for rule, creator in deployed:
            rules.setdefault(identify(rule, creator), set()).add(rule)
        self._names = {identity: names_of(identity, found) for identity, found in sorted(rules.items())}
        self._by_name: dict[str, set[Identity]] = {}
        for identity, names in self._names.items():
            for name in names:
                self._by_name.setdefault(name, set()).add(identity)
        self._sorted = sorted((name, rule) for name, rules in self._by_name.items() for rule in rules)
        self._found: dict[str, frozenset[Identity]] = {}

    def find(self, value: str) -> frozenset[Identity]:
        """Return the rules that a name or a pattern of a scope means."""
        if value not in self._found:
            self._found[value] = self._find(value)
        return self._found[value]

    def _find(self, value: str) -> frozenset[Identity]:
        if has_wildcard(value):
            begin = value.replace("?", "*").partition("*")[0]
            first = bisect_left(self._sorted, begin, key=lambda pair: pair[0])
            likely = takewhile(lambda pair: pair[0].startswith(begin), islice(self._sorted, first, None))
            return frozenset(rule for name, rule in likely if matches(value, name))
        if value in self._by_name:
            return frozenset(self._by_name[value])
        renamed = identify(value, None)  # the suffix of an earlier deployment
        return frozenset({renamed} & self._names.keys())

    def is_ambiguous(self, value: str) -> bool:
        """Tell whether a name without wildcards fits several rules."""
        return not has_wildcard(value) and len(self.find(value)) > 1
