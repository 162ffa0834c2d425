"""The resources of the organization, what every rule says about each of them, and when it said so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from governance.register.patterns import matches
from governance.sandbox.scenario import gaps, organization, resources, rules
from governance.sandbox.scenario.model import NOW
from governance.sandbox.world import EVALUATION_COLUMNS, Account, Rule

Mask = npt.NDArray[np.bool_]
Key = tuple[str, str, str, str]
"""account, region, rule, resource id"""


@dataclass
class Estate:
    """All evaluations, one place per array; `noncompliant` is filled while the scenario is written.

    `reserved` marks what a story was told about already, so that stories do not run into each other.
    """

    keys: list[Key]
    types: list[str]
    noncompliant: Mask
    reserved: Mask
    path_of: Mapping[str, str] = field(repr=False)

    @cached_property
    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Column name -> values, as categories are matched."""
        names = ("account", "region", "rule", "resource")
        values = zip(*self.keys, strict=True)
        columns = {name: np.array(each, dtype=object) for name, each in zip(names, values, strict=True)}
        return {**columns, "resource_type": np.array(self.types, dtype=object)}

    @cached_property
    def place(self) -> dict[Key, int]:
        """Where an evaluation is."""
        return {key: index for index, key in enumerate(self.keys)}

    def select(self, scopes: Iterable[Mapping[str, Any]]) -> Mask:
        """Return which evaluations `scopes` speak about, exclusions taken out."""
        found = np.zeros(len(self.keys), dtype=bool)
        for scope in scopes:
            inside = self._conjunction(scope)
            for excluded in scope.get("exclude", ()):
                inside &= ~self._conjunction(excluded)
            found |= inside
        return found

    def _conjunction(self, scope: Mapping[str, Any]) -> Mask:
        inside = np.ones(len(self.keys), dtype=bool)
        for name, patterns in scope.items():
            if name == "ou":
                inside &= self._fitting("account", lambda value, p=tuple(patterns): self._below(value, p))
            elif name == "rule":
                inside &= self._fitting("rule", lambda value, p=tuple(patterns): _is_meant(value, p))
            elif name not in ("exclude", "organization"):
                inside &= self._fitting(
                    name, lambda value, p=tuple(patterns): any(matches(x, value) for x in p)
                )
        return inside

    def _fitting(self, name: str, fits: Any) -> Mask:
        values, codes = self._codes(name)
        fitting: Mask = np.array([fits(str(value)) for value in values], dtype=bool)[codes]
        return fitting

    def _codes(self, name: str) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
        if name not in self._factors:
            codes, values = pd.factorize(self.columns[name])
            self._factors[name] = values, codes
        return self._factors[name]

    @cached_property
    def _factors(self) -> dict[str, tuple[npt.NDArray[Any], npt.NDArray[np.intp]]]:
        return {}

    def _below(self, account: str, units: tuple[str, ...]) -> bool:
        path = self.path_of[account]
        chain = [path[:end] for end in range(1, len(path) + 1) if path[end : end + 1] in ("/", "")]
        return any(unit in chain or unit in (organization.UNIT_ID[name] for name in chain) for unit in units)

    def frame(self, random: np.random.Generator) -> pd.DataFrame:
        """Return the evaluations as a World holds them."""
        state = np.where(self.noncompliant, "NON_COMPLIANT", "COMPLIANT")
        age = random.integers(20, 11 * 60, len(self.keys)).astype("timedelta64[m]")
        recorded = pd.Series(np.datetime64(NOW.replace(tzinfo=None), "us") - age).dt.tz_localize("UTC")
        ends = [gaps.evidence_end(*key[:3]) for key in self.keys]
        recorded = recorded.where(pd.isna(pd.Series(ends)), pd.to_datetime(pd.Series(ends), utc=True))
        frame = pd.DataFrame(
            {
                "account": self.columns["account"],
                "region": self.columns["region"],
                "rule": self.columns["rule"],
                "resource_type": self.columns["resource_type"],
                "resource_id": self.columns["resource"],
                "compliance": state,
                "annotation": np.where(
                    self.noncompliant, "Does not meet the rule; see the rule's description.", ""
                ),
                "recorded_at": recorded.dt.as_unit("us"),
            }
        )
        return frame[list(EVALUATION_COLUMNS)]


def _is_meant(rule: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether a scope means the rule; people leave generated prefixes and suffixes away."""
    names = (rule, rules.canonical_name(rule))
    return any(matches(pattern, name) for pattern in patterns for name in names)


def build(random: Random, accounts: tuple[Account, ...], config_rules: tuple[Rule, ...]) -> Estate:
    """Make the resources of every active account and evaluate every rule on them, all compliant at first."""
    by_type: dict[str, list[str]] = {}
    for rule in config_rules:
        for resource_type in rule.resource_types:
            by_type.setdefault(resource_type, []).append(rule.name)
    keys: list[Key] = []
    types: list[str] = []
    for account in accounts:
        if account.state == "ACTIVE":
            for region, resource_type, found in _things(random, account, tuple(by_type)):
                names = [r for r in by_type[resource_type] if not gaps.never_evaluated(account.id, region, r)]
                keys += [(account.id, region, name, resource) for name in names for resource in found]
                types += [resource_type] * len(found) * len(names)
    units = {unit.id: unit.path for unit in organization.UNITS}
    paths = {account.id: units.get(account.parent_id, "") for account in accounts}
    blank = np.zeros(len(keys), dtype=bool)
    return Estate(keys, types, blank, blank.copy(), paths)


def _things(random: Random, account: Account, types: tuple[str, ...]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield region, resource type and ids; global resources are the same wherever they are recorded."""
    everywhere = {kind: resources.draw(random, kind, account, "global") for kind in rules.GLOBAL_TYPES}
    for region in organization.REGIONS:
        for resource_type in types:
            if resource_type not in everywhere:
                yield region, resource_type, resources.draw(random, resource_type, account, region)
            elif region in resources.GLOBAL_RECORDED_IN:
                yield region, resource_type, everywhere[resource_type]
