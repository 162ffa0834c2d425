"""Which resources owners name: by id, by ARN, by a pattern of either.

Ids are looked up in their order by binary search, a pattern by its literal beginning; what else it asks is
tried on those that are found.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from governance.reconciliation.arns import service_of
from governance.reconciliation.compiled import Compiled, ResourceNames, ResourcePatterns
from governance.reconciliation.directory import ALL_REGIONS
from governance.reconciliation.matching.arrays import NOTHING, Array, distinct, spread
from governance.reconciliation.matching.facts import Resources
from governance.reconciliation.matching.ground import Applies, Ground
from governance.register.patterns import has_wildcard, matches

FEW = 4_096
"""A name or beginning that more resources have is looked for in the accounts of its owner instead."""


class Naming:
    """The resources that scopes and exclusions name, found on demand for some of them."""

    def __init__(self, compiled: Compiled, ground: Ground, applies: Applies) -> None:
        self._compiled = compiled
        self._ground = ground
        self._applies = applies
        self._resources = ground.facts.resources
        self.count = len(self._resources.tag_set)
        self._fits: dict[tuple[str, str], Array] = {}
        self._names, self._patterns = _tests(compiled.names, compiled.patterns, self._resources)

    def of(self, first: int, last: int) -> tuple[Array, Array]:
        """Return what the owners from `first` to before `last` name in their accounts: owner, resource.

        In the order of owner and resource, each pair once.
        """
        found = [self._found(tests, first, last) for tests in (self._names, self._patterns)]
        owner, resource = (np.concatenate([part[side] for part in found]) for side in (0, 1))
        places = self._compiled.owner["place_set"][owner]
        inside = self._applies.holds_account(places, self._ground.resource_accounts(resource))
        keys = distinct(owner[inside] * self.count + resource[inside])
        return keys // max(self.count, 1), keys % max(self.count, 1)

    def _found(self, tests: _Tests, first: int, last: int) -> tuple[Array, Array]:
        begin, end = np.searchsorted(tests.owner, (first, last))
        direct = np.flatnonzero(tests.is_plain[begin:end]) + begin
        which, place = spread(tests.lower[direct], tests.upper[direct])
        owners, resources = (
            [tests.owner[direct][which]],
            [self._resources.by_id[place] if len(place) else NOTHING],
        )
        for number in (np.flatnonzero(~tests.is_plain[begin:end]) + begin).tolist():
            found = self._tried(tests, number)
            owners.append(np.full(len(found), tests.owner[number]))
            resources.append(found)
        return np.concatenate(owners), np.concatenate(resources)

    def _value(self, tests: _Tests, number: int) -> str:
        """Return what a test asks for."""
        if tests is self._names:
            return str(self._compiled.names.value[number].as_py())
        return self._compiled.patterns.value[number]

    def _tried(self, tests: _Tests, number: int) -> Array:
        """Return the resources that fit a test that asks for more than a beginning or for what many have."""
        found = self._resources.by_id[int(tests.lower[number]) : int(tests.upper[number])]
        all_of_range = len(found)
        if len(found) > FEW:
            found = self._in_accounts(int(tests.owner[number]), found)
        value = self._value(tests, number)
        is_sure = len(found) == all_of_range and (_is_beginning(value) or not has_wildcard(value))
        if len(found) and not is_sure:
            ids = self._resources.ids(found)
            found = found[pc.match_substring_regex(ids, _regex(value)).to_numpy(zero_copy_only=False)]
        return found if tests is self._names else self._where(number, found)

    def _in_accounts(self, owner: int, found: Array) -> Array:
        """Return all resources of an owner's accounts, if they are fewer than those found."""
        sets = self._compiled.owner["place_set"][[owner]]
        accounts = self._applies.accounts_of(sets)[1]
        first = self._ground.facts.groups.first
        accounts = accounts[accounts < len(first) - 1]
        if (first[accounts + 1] - first[accounts]).sum() >= len(found):
            return found
        return spread(first[accounts], first[accounts + 1])[1]

    def _where(self, number: int, found: Array) -> Array:
        """Keep the resources in the account, the region and of the service that an ARN says."""
        asked = self._compiled.patterns
        account, region, service = asked.account[number], asked.region[number], asked.service[number]
        if not account and not service and region == ALL_REGIONS:
            return found
        groups = self._ground.facts.groups
        group = self._resources.grp[found]
        fits: Array = self._ground.bit[groups.region[group]] & region != 0
        if account:
            fits &= self._fitting("account", account)[groups.account[group]]
        if service:
            fits &= self._fitting("service", service)[groups.type_[group]]
        fitting: Array = found[fits]
        return fitting

    def _fitting(self, what: str, pattern: str) -> Array:
        """Return of each account, or of each type of resources, whether it fits a pattern."""
        if (what, pattern) not in self._fits:
            types = map(service_of, self._ground.facts.types)
            values = self._ground.accounts if what == "account" else types
            self._fits[what, pattern] = np.array([matches(pattern, value) for value in values], dtype=bool)
        return self._fits[what, pattern]


class _Tests:
    """Tests of ids, with the range of ids, in their order, that each can mean.

    `is_plain`: all in that range are meant, and they are few.
    """

    def __init__(self, owner: Array, lower: Array, upper: Array) -> None:
        self.owner, self.lower, self.upper = owner, lower, upper
        self.is_plain: Array = upper - lower <= FEW


def _tests(names: ResourceNames, patterns: ResourcePatterns, resources: Resources) -> tuple[_Tests, _Tests]:
    """Look names and patterns up, all at once: a search takes as long for a thousand as for one."""
    ends = [_range(value) for value in patterns.value]
    asked = pa.array([*(first for first, _ in ends), *(last or b"" for _, last in ends)], pa.large_binary())
    exact = names.value.cast(pa.large_binary())
    found = _place(resources, pa.concat_arrays([exact, asked]))
    lower, first, last = np.split(found, (len(exact), len(exact) + len(ends)))
    last[np.array([end is None for _, end in ends], dtype=bool)] = len(resources.by_id)
    upper = lower + _is_at(resources, lower, exact)
    several = np.flatnonzero(_is_at(resources, lower + 1, exact))
    after = [exact[number].as_py() + b"\0" for number in several.tolist()]
    upper[several] = _place(resources, pa.array(after, pa.large_binary()))
    tests = _Tests(patterns.owner, first, last)
    asks = zip(patterns.value, patterns.account, patterns.service, patterns.region, strict=True)
    is_range = [
        not (account or service)
        and region == ALL_REGIONS
        and (_is_beginning(value) or not has_wildcard(value))
        for value, account, service, region in asks
    ]
    tests.is_plain &= np.array(is_range, dtype=bool)
    return _Tests(names.owner, lower, upper), tests


def _is_beginning(pattern: str) -> bool:
    return pattern.endswith("*") and not has_wildcard(pattern[:-1])


def _range(value: str) -> tuple[bytes, bytes | None]:
    """Return from which bytes up to before which the ids are that a pattern can mean; None: the end."""
    if not has_wildcard(value):
        return value.encode(), value.encode() + b"\0"
    begin = value.replace("?", "*").partition("*")[0].encode()
    return begin, begin[:-1] + bytes((begin[-1] + 1,)) if begin else None


def _place(resources: Resources, wanted: pa.Array) -> Array:
    """Return how many ids come before each of these bytes, by binary search for all of them at once."""
    count = len(resources.by_id)
    lower, upper = np.zeros(len(wanted), dtype="int64"), np.full(len(wanted), count)
    if not len(wanted):
        return lower
    for _ in range(count.bit_length()):
        middle = np.minimum((lower + upper) // 2, count - 1)
        before = pc.less(_ids(resources, middle), wanted).to_numpy(zero_copy_only=False)
        lower = np.where(before & (lower < upper), middle + 1, lower)
        upper = np.where(before, upper, np.minimum(middle, upper))
    return lower


def _ids(resources: Resources, places: Array) -> pa.Array:
    """Return the ids, as bytes, at these places of their order."""
    return resources.ids(resources.by_id[places]).cast(pa.large_binary())


def _is_at(resources: Resources, places: Array, wanted: pa.Array) -> Array:
    """Tell whether each of these ids is at its place of their order."""
    last = len(resources.by_id) - 1
    if last < 0:
        return np.zeros(len(places), dtype=bool)
    same = pc.equal(_ids(resources, np.minimum(places, last)), wanted).to_numpy(zero_copy_only=False)
    found: Array = same & (places <= last)
    return found


def _regex(pattern: str) -> str:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return rf"(?s)\A{''.join(parts)}\z"
