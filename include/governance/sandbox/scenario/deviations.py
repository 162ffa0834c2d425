"""Non-compliant evaluations that nobody approved: the findings that must come out, each of them known."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from governance.sandbox.scenario import organization, rules
from governance.sandbox.scenario.estate import Estate
from governance.sandbox.scenario.model import ExceptionEntry, Planted

EVERYDAY = 55
TYPE = "UNAPPROVED_DEVIATION"


class Deviations:
    """Plants deviations and remembers them."""

    def __init__(self, random: Random, estate: Estate) -> None:
        self.random = random
        self.estate = estate
        self.planted: list[Planted] = []

    def plant(self, case: str, scopes: list[dict[str, Any]], number: int, why: str) -> None:
        """Make `number` evaluations that `scopes` speak about NON_COMPLIANT, unapproved."""
        mask = self.estate.select(scopes) & ~self.estate.noncompliant
        self.estate.reserved |= self.estate.select(scopes)
        for place in self.random.sample(list(mask.nonzero()[0]), number):
            self._one(case, int(place), why)

    def everyday(self, number: int) -> None:
        """Plant deviations that nobody has asked an exception for, in accounts with full evidence."""
        estate = self.estate
        blind = np.isin(estate.columns["account"], organization.UNHEALTHY)
        free = ~estate.reserved & ~estate.noncompliant & ~blind
        for place in self.random.sample(list(free.nonzero()[0]), number):
            self._one("unapproved", int(place), "no exception speaks about it")

    def total(self) -> Planted:
        """Return that these are all: nothing else may be called a deviation."""
        number = len(self.planted)
        return Planted(
            "no-other-deviation",
            f"{number} unapproved deviations, no more",
            "finding",
            "everything else is compliant or covered",
            finding_type=TYPE,
            count=number,
        )

    def _one(self, case: str, place: int, why: str) -> None:
        account, region, rule, resource = self.estate.keys[place]
        estate = self.estate
        is_global = estate.types[place] in rules.GLOBAL_TYPES
        if is_global:
            if any(p.rule == rule and p.resource_id == resource for p in self.planted):
                return
            why = f"{why}; evaluated in two regions, it is one deviation"
        for index in _twins(estate, place) if is_global else (place,):
            estate.noncompliant[index] = True
            estate.reserved[index] = True
        title = f"{rule} on {resource.rsplit('/', 1)[-1]}"
        self.planted.append(
            Planted(
                case,
                title,
                "finding",
                why,
                finding_type=TYPE,
                account=account,
                region=None if is_global else region,
                rule=rule,
                resource_id=resource,
            )
        )


def _twins(estate: Estate, place: int) -> list[int]:
    account, _, rule, resource = estate.keys[place]
    keys = ((account, region, rule, resource) for region in organization.REGIONS)
    return [estate.place[key] for key in keys if key in estate.place]


def spread(random: np.random.Generator, estate: Estate, live: list[ExceptionEntry], total: int) -> None:
    """Make about `total` evaluations NON_COMPLIANT under the everyday exceptions that are live.

    Each of them covers at least one item. Global resources are the same in every region.
    """
    masks = [estate.select(entry.scopes) for entry in live]
    room = sum(int(mask.sum()) for mask in masks)
    for mask in masks:
        places = mask.nonzero()[0]
        chosen = places[random.random(len(places)) < total / room]
        estate.noncompliant[chosen if len(chosen) else places[:1]] = True


def join_regions(estate: Estate) -> None:
    """Give global resources the same compliance in every region that records them."""
    for place in estate.noncompliant.nonzero()[0]:
        if estate.types[place] in rules.GLOBAL_TYPES:
            estate.noncompliant[_twins(estate, int(place))] = True
