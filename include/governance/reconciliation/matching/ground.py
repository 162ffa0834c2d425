"""Where scopes apply, by number: accounts, regions, kinds, and where evidence is fresh."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from governance.reconciliation.compiled import Sets
from governance.reconciliation.directory import ANY_KIND, EVERYWHERE, Deployments, Directory
from governance.reconciliation.matching.arrays import Array, flat, holds, spread
from governance.reconciliation.matching.facts import Facts


class Ground:
    """Accounts and regions have the numbers of the facts, those that hold no evaluation come behind.

    `bit` is that of each region in a mask, `kind` that of each deployment.
    """

    def __init__(self, facts: Facts, directory: Directory, deployments: Deployments) -> None:
        self.facts = facts
        self.directory = directory
        self.deployments = deployments
        self.accounts = _behind(facts.accounts, directory.accounts)
        self.regions = _behind(facts.regions, directory.regions)
        bits = {region: 1 << bit for bit, region in enumerate(directory.regions)}
        self.bit: Array = np.array([bits[region] for region in self.regions], dtype="int64")
        self.everywhere = int(np.bitwise_or.reduce(self.bit)) if len(self.bit) else 0
        self.kind = deployments.kind
        self.kinds = len(directory.kinds)
        self.account_number = {account: number for number, account in enumerate(self.accounts)}

    @cached_property
    def kinds_of_type(self) -> tuple[Array, Array]:
        """The kinds of each type of resources as one array, and where those of a type begin."""
        numbers = {name: number for number, name in enumerate(self.facts.types)}
        found: list[list[int]] = [[] for _ in numbers]
        for kind, one in enumerate(self.directory.kinds):
            found[numbers[one.resource_type]].append(kind)
        return flat(found)

    @cached_property
    def region_number(self) -> dict[str, int]:
        """The number of each region."""
        return {region: number for number, region in enumerate(self.regions)}

    @cached_property
    def place(self) -> tuple[Array, Array]:
        """The numbers of account and region of every place that evidence tells of."""
        places = self.directory.evidence.places
        account = map(self.account_number.__getitem__, places.account.tolist())
        region = map(self.region_number.__getitem__, places.region.tolist())
        return np.fromiter(account, "int64", len(places)), np.fromiter(region, "int64", len(places))

    @cached_property
    def is_fresh(self) -> Array:
        """By account and region: whether there is fresh evidence. What no manifest knows has none."""
        found = np.zeros((len(self.accounts), len(self.regions)), dtype=bool)
        fresh = self.directory.evidence.places.fresh.to_numpy(dtype=bool)
        account, region = self.place
        found[account[fresh], region[fresh]] = True
        return found

    @cached_property
    def all_fresh(self) -> bool:
        """Whether no cell lacks fresh evidence."""
        account, region = self.facts.seen
        return bool(self.is_fresh[account, region].all() and self.deployments.sound.all())

    def unless_all_fresh(self, cells: Array) -> Array | None:
        """Tell of each cell whether its evidence is fresh; None: that of every cell is."""
        return None if self.all_fresh else self.fresh(cells)

    def fresh(self, cells: Array) -> Array:
        """Tell of each cell whether its evidence is fresh, and its rule sound."""
        if self.all_fresh:
            return np.ones(len(cells), dtype=bool)
        known = self.facts.cells
        sound = self.deployments.sound
        fresh: Array = (
            self.is_fresh[known.account[cells], known.region[cells]] & sound[known.deployment[cells]]
        )
        return fresh

    def mask(self, cells: Array) -> Array:
        """Return the bit of the region of each cell."""
        if len(self.bit) == 1:
            return np.broadcast_to(self.bit, len(cells))
        found: Array = self.bit[self.facts.cells.region[cells]]
        return found

    def resource_accounts(self, resources: Array) -> Array:
        """Return the account of each resource."""
        found: Array = self.facts.groups.account[self.facts.resources.grp[resources]]
        return found


class Applies:
    """The sets of places and kinds that owners name, resolved to accounts and kinds by number."""

    def __init__(self, sets: Sets, ground: Ground) -> None:
        self._number = ground.account_number
        self._under = _members(ground)
        self._size = len(ground.accounts)
        self.accounts, self.account_start = flat([self._accounts(places) for places in sets.places])
        self.kinds, self.kind_start = flat([sorted(kinds - {ANY_KIND}) for kinds in sets.kinds])
        self.any_kind: Array = np.array([ANY_KIND in kinds for kinds in sets.kinds], dtype=bool)
        self._width = ground.kinds

    def _accounts(self, places: tuple[str, ...]) -> list[int]:
        if len(places) == 1 and places[0] not in self._under:
            number = self._number.get(places[0])
            return [] if number is None else [number]
        found: set[int] = set()
        for place in places:
            found.update(self._under.get(place, ()))
            if place in self._number:
                found.add(self._number[place])
        return sorted(found)

    def accounts_of(self, place_sets: Array) -> tuple[Array, Array]:
        """Return every account of each of these sets: which of them, and the account."""
        which, place = spread(self.account_start[place_sets], self.account_start[place_sets + 1])
        return which, self.accounts[place]

    @cached_property
    def _account_keys(self) -> Array:
        sets = np.repeat(np.arange(len(self.account_start) - 1), np.diff(self.account_start))
        return sets * self._size + self.accounts

    def holds_account(self, place_set: Array, account: Array) -> Array:
        """Tell of each pair whether the account is in the set."""
        return holds(self._account_keys, place_set * self._size + account)

    @cached_property
    def _kind_keys(self) -> Array:
        sets = np.repeat(np.arange(len(self.kind_start) - 1), np.diff(self.kind_start))
        return sets * self._width + self.kinds

    def holds_kind(self, kind_set: Array, kind: Array) -> Array:
        """Tell of each pair whether the kind is in the set."""
        return self.any_kind[kind_set] | holds(self._kind_keys, kind_set * self._width + kind)


def _behind(first: list[str], names: list[str]) -> list[str]:
    return [*first, *sorted(set(names) - set(first))]


def _members(ground: Ground) -> dict[str, list[int]]:
    """Return the accounts below each unit, and everywhere."""
    together: dict[frozenset[str], list[int]] = {}
    for account, chain in ground.directory.chains.items():
        together.setdefault(chain, []).append(ground.account_number[account])
    under: dict[str, list[int]] = {EVERYWHERE: list(range(len(ground.accounts)))}
    for chain, accounts in together.items():
        for unit in chain:
            under.setdefault(unit, []).extend(accounts)
    return under
