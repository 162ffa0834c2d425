"""The dimensions a scope can name, resolved against one snapshot: accounts, units, regions, rules, types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from governance.reconciliation.evidence import GONE, PRESENT, Evidence
from governance.reconciliation.frames import rows
from governance.reconciliation.matching.arrays import Array
from governance.reconciliation.policy import ReconciliationPolicy
from governance.reconciliation.rules import Identity, RuleBook, identify
from governance.register.patterns import has_wildcard, matches

EVERYWHERE = "*"
"""The place that every account is in."""

ALL_REGIONS = (1 << 62) - 1
ANY_KIND = -1
"""Stands for every pair of rule and resource type."""


@dataclass(frozen=True)
class Kind:
    """A pair of rule and resource type that evaluations exist of."""

    identity: Identity
    resource_type: str

    def order(self) -> tuple[str, str, str]:
        """Return by what kinds are sorted."""
        return self.identity.creator, self.identity.name, self.resource_type


@dataclass(frozen=True)
class Deployments:
    """What is told of rules as they are deployed, an array per column.

    `kind`: the number of its kind; `sound`: its last evaluation did not fail; `several`: its kind is deployed
    more than once, under generated names.
    """

    kind: Array
    is_global: Array
    sound: Array
    several: Array


Deployed = list[tuple[str, str | None, str]]
"""Rules as they are deployed: rule, creator (None: not known), resource type."""


class Directory:
    """What the snapshot knows, for looking up.

    `deployed` are the distinct ones of all evaluations, `accounts` and `regions` those that they speak of.
    """

    def __init__(
        self, evidence: Evidence, deployed: Deployed, accounts: Iterable[str], regions: Iterable[str]
    ) -> None:
        self.evidence = evidence
        listed, units, places = evidence.accounts, evidence.units, evidence.places
        names, paths = listed.account.tolist(), listed.units.tolist()
        self.states: dict[str, str] = dict(zip(names, listed.state.tolist(), strict=True))
        above = {
            path: frozenset(path.split("/")) if isinstance(path, str) else frozenset() for path in set(paths)
        }
        self.chains: dict[str, frozenset[str]] = {
            account: above[path] for account, path in zip(names, paths, strict=True)
        }
        self.accounts = sorted({*self.states, *accounts, *places.account.tolist()})
        self.regions = sorted({*regions, *places.region.tolist()})
        unit_ids = units.unit.tolist()
        self.unit_paths: dict[str, str] = dict(zip(unit_ids, units.path.tolist(), strict=True))
        self._parents = dict(zip(unit_ids, units.parent.tolist(), strict=True))
        self.deployed = deployed
        met = dict.fromkeys((rule, creator) for rule, creator, _ in deployed)
        known = zip(evidence.rules.rule.tolist(), map(_text, evidence.rules.creator.tolist()), strict=True)
        self.book = RuleBook(met | dict.fromkeys(known))
        self._deployed = [Kind(identify(rule, creator), type_) for rule, creator, type_ in deployed]
        self.kinds = sorted(set(self._deployed), key=Kind.order)
        self._numbers: dict[Identity, list[int]] = {}
        for number, kind in enumerate(self.kinds):
            self._numbers.setdefault(kind.identity, []).append(number)
        self._kinds: dict[tuple[tuple[str, ...], tuple[str, ...]], frozenset[int]] = {}
        self._ambiguous: dict[tuple[str, ...], frozenset[str]] = {}
        self._units: dict[str, frozenset[str]] = {}
        self._masks: dict[tuple[str, ...], int] = {(): ALL_REGIONS}

    def deployments(self, policy: ReconciliationPolicy) -> Deployments:
        """Return what is told of each of `deployed`."""
        numbers = {kind: number for number, kind in enumerate(self.kinds)}
        count, failing = len(self._deployed), self.failing_rules
        is_global = {kind.resource_type: policy.is_global(kind.resource_type) for kind in self.kinds}
        kind = np.fromiter((numbers[one] for one in self._deployed), dtype="int32", count=count)
        return Deployments(
            kind=kind,
            is_global=np.array([is_global[one.resource_type] for one in self._deployed], dtype=bool),
            sound=np.array([one.identity not in failing for one in self._deployed], dtype=bool),
            several=np.bincount(kind, minlength=1)[kind] > 1,
        )

    @cached_property
    def unsound_rules(self) -> dict[Identity, str]:
        """Rules whose evaluation fails or never ran where it was looked at, and what was found."""
        found = {}
        creators = dict(zip(self.evidence.rules.rule, self.evidence.rules.creator, strict=True))
        for row in rows(self.evidence.rule_status):
            identity = identify(str(row.rule), _text(creators.get(row.rule)))
            if pd.isna(row.last_evaluated_at):
                found[identity] = NEVER_EVALUATED
            elif not pd.isna(row.last_failed_at) and row.last_failed_at > row.last_evaluated_at:
                found[identity] = f"its last evaluation failed ({row.error or 'no error code'})"
        return found

    @cached_property
    def failing_rules(self) -> frozenset[Identity]:
        """Rules whose last evaluation failed: what they found before is no fresh evidence."""
        return frozenset(rule for rule, words in self.unsound_rules.items() if words != NEVER_EVALUATED)

    def units(self, value: str) -> frozenset[str]:
        """Return the ids of the units that an id, a path of names or a pattern of either means."""
        if value not in self._units:
            self._units[value] = frozenset(self._fitting_units(value))
        return self._units[value]

    def _fitting_units(self, value: str) -> set[str]:
        if not has_wildcard(value) and value in self.unit_paths:
            return {value}
        return {
            unit
            for unit, path in self.unit_paths.items()
            if (matches(value, path) and path) or matches(value, unit)
        }

    def in_units(self, account: str, values: tuple[str, ...]) -> bool:
        """Tell whether an account is in the subtree of any of the units."""
        chain = self.chains.get(account, frozenset())
        return any(chain & self._found_units(value) for value in values)

    def unit_path(self, account: str) -> str | None:
        """Return the unit of an account as a path of names, 'Workloads/Prod'; None where it is not known."""
        paths = [self.unit_paths[unit] for unit in self.chains.get(account, ()) if unit in self.unit_paths]
        return max(paths, key=len) if paths else None

    def _found_units(self, value: str) -> frozenset[str]:
        return self.units(value) | {value}

    def places(self, accounts: tuple[str, ...], units: tuple[str, ...]) -> tuple[str, ...]:
        """Return the smallest set of places (account ids, unit ids, EVERYWHERE) that these mean."""
        if len(accounts) == 1 and not units and not has_wildcard(accounts[0]):
            return accounts
        if accounts:
            fitting = self.fitting_accounts(accounts)
            return tuple(a for a in fitting if not units or self.in_units(a, units))
        if units:
            return self._outermost({unit for value in units for unit in self._found_units(value)})
        return (EVERYWHERE,)

    def fitting_accounts(self, values: tuple[str, ...]) -> list[str]:
        """Return the accounts that ids or patterns mean; an id stands even where the listing lacks it."""
        found: set[str] = set()
        for value in values:
            if has_wildcard(value):
                found.update(account for account in self.accounts if matches(value, account))
            else:
                found.add(value)
        return sorted(found)

    def _outermost(self, units: set[str]) -> tuple[str, ...]:
        """Drop units inside other units of the set, so that no account is met twice."""

        def has_ancestor(unit: str) -> bool:
            above = self._parents.get(unit)
            while isinstance(above, str):
                if above in units:
                    return True
                above = self._parents.get(above)
            return False

        return tuple(sorted(unit for unit in units if not has_ancestor(unit)))

    def ancestors(self, unit: str | None) -> frozenset[str]:
        """Return the ids of the units above a unit, up to the root."""
        found = []
        above = self._parents.get(unit)
        while isinstance(above, str):
            found.append(above)
            above = self._parents.get(above)
        return frozenset(found)

    def region_mask(self, values: tuple[str, ...]) -> int:
        """Return the bits of the regions that ids or patterns mean; none named means all."""
        if values not in self._masks:
            self._masks[values] = sum(
                1 << bit for bit, region in enumerate(self.regions) if any(matches(v, region) for v in values)
            )
        return self._masks[values]

    def kinds_of(self, rules: tuple[str, ...], types: tuple[str, ...]) -> frozenset[int]:
        """Return the numbers of the kinds that are meant; {ANY_KIND} where neither dimension is named."""
        if not rules and not types:
            return frozenset({ANY_KIND})
        key = (rules, types)
        if key not in self._kinds:
            wanted = {identity for value in rules for identity in self.book.find(value)}
            numbers = (
                [n for rule in wanted for n in self._numbers.get(rule, ())]
                if rules
                else range(len(self.kinds))
            )
            self._kinds[key] = frozenset(
                number
                for number in numbers
                if not types or any(matches(value, self.kinds[number].resource_type) for value in types)
            )
        return self._kinds[key]

    def ambiguous(self, rules: tuple[str, ...]) -> frozenset[str]:
        """Return the names among `rules` that fit several rules."""
        if rules not in self._ambiguous:
            self._ambiguous[rules] = frozenset(filter(self.book.is_ambiguous, rules))
        return self._ambiguous[rules]

    def is_present(self, account: str) -> bool:
        """Tell whether the listing has the account as active or about to be."""
        return self.states.get(account) in PRESENT

    def is_gone(self, account: str) -> bool:
        """Tell whether the account is closed, closing, or absent from a listing that is complete."""
        state = self.states.get(account)
        return state in GONE or (state is None and self.evidence.organization_is_known)


NEVER_EVALUATED = "it was never evaluated"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
