"""Single items: which of the rows in the cells of a scope have the resource or the tags that it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from governance.reconciliation.compiled import NO_CONDITION, Compiled
from governance.reconciliation.matching.arrays import Array, bounds, holds, offsets, positions, spread
from governance.reconciliation.matching.facts import Facts
from governance.reconciliation.matching.ground import Applies, Ground
from governance.reconciliation.matching.tags import Tags

AT_ONCE = 10_000
"""So many cells are listed at once: what is not enough for all of them does not fill the memory."""


@dataclass(frozen=True)
class Named:
    """Resources that owners name, in the order of owner and resource. `pair`: where those of one owner and
    group begin; one entry more than pairs."""

    owner: Array
    resource: Array
    keys: Array
    pair: Array
    resources: int

    @staticmethod
    def of(facts: Facts, owner: Array, resource: Array) -> Named:
        """Return what these owners name, told by group."""
        resources = len(facts.resources.tag_set)
        group = facts.resources.grp[resource]
        news = np.flatnonzero((np.diff(owner, prepend=-1) != 0) | (np.diff(group, prepend=-1) != 0))
        return Named(owner, resource, owner * resources + resource, np.append(news, len(owner)), resources)

    def has(self, owner: Array, resource: Array) -> Array:
        """Tell of each pair whether the owner names the resource."""
        return holds(self.keys, owner * self.resources + resource)


@dataclass(frozen=True)
class Reach:
    """Cells that scopes reach. `pair`: that of the resources a scope names there; -1: it names none."""

    scope: Array
    cell: Array
    pair: Array

    def at(self, places: Array | slice) -> Reach:
        """Return some of them, by place or by flag."""
        return Reach(self.scope[places], self.cell[places], self.pair[places])

    def parts(self) -> Iterator[Reach]:
        """Return them part by part."""
        for begin in range(0, len(self.scope), AT_ONCE):
            yield self.at(slice(begin, begin + AT_ONCE))


class Rows:
    """Lists the rows of cells that scopes reach."""

    def __init__(self, compiled: Compiled, ground: Ground, applies: Applies) -> None:
        self._compiled = compiled
        self._owner = compiled.owner
        self._columns = compiled.columns
        self._scopes = compiled.count
        self._facts = ground.facts
        self._ground = ground
        self._applies = applies

    @cached_property
    def tags(self) -> Tags:
        """Which resources have which tags."""
        return Tags(self._compiled, self._facts, self._ground.directory.evidence)

    def fit(self, owner: Array, resource: Array, named: Named | None) -> Array:
        """Tell of each pair whether the resource has the tags; with `named` also whether it is named."""
        condition = self._owner["condition"][owner]
        asks = condition != NO_CONDITION
        if asks.all():
            fits = self.tags.fit(condition, resource)
        else:
            fits = np.ones(len(owner), dtype=bool)
            fits[asks] = self.tags.fit(condition[asks], resource[asks])
        if named is not None:
            asks = self._owner["has_resource"][owner]
            if asks.any():
                fits[asks] &= named.has(owner[asks], resource[asks])
        return fits

    def listed(self, reach: Reach, named: Named, with_tags: bool = True) -> tuple[Array, Array]:
        """Return the rows of the scopes in these cells: which place of `reach`, and the resource.

        Without `with_tags` whatever their tags are.
        """
        cells, groups = self._facts.cells, self._facts.groups
        full = cells.is_full[reach.cell]
        by_name, whole = np.flatnonzero(full & (reach.pair >= 0)), np.flatnonzero(full & (reach.pair < 0))
        some = np.flatnonzero(~full)
        pair, group = reach.pair[by_name], cells.grp[reach.cell[whole]]
        of_name, place = spread(named.pair[pair], named.pair[pair + 1])
        of_whole, every = spread(groups.start[group], groups.start[group + 1])
        of_some, row = spread(*bounds(self._facts.scattered.cell, reach.cell[some]))
        which = np.concatenate((by_name[of_name], whole[of_whole], some[of_some]))
        resource = np.concatenate((named.resource[place], every, self._facts.scattered.resource[row]))
        scope = reach.scope[which]
        keep = (
            self.fit(scope, resource, named if len(some) else None)
            if with_tags
            else named.has(scope, resource)
        )
        if not with_tags:
            keep |= ~self._owner["has_resource"][scope]
        return which[keep], resource[keep]

    def counted(self, reach: Reach, named: Named) -> Array:
        """Return how many rows of each scope and cell fit, of scopes that ask for resources, tags or both."""
        counts = np.zeros(len(reach.scope), dtype="int64")
        full = self._facts.cells.is_full[reach.cell]
        by_name, whole = full & (reach.pair >= 0), full & (reach.pair < 0)
        if by_name.any():
            fits, pair = offsets(self.fit(named.owner, named.resource, None)), reach.pair[by_name]
            counts[by_name] = fits[named.pair[pair + 1]] - fits[named.pair[pair]]
        if whole.any():
            counts[whole] = self._counted_of_groups(
                reach.scope[whole], self._facts.cells.grp[reach.cell[whole]]
            )
        if not full.all():
            which, _ = self.listed(reach.at(~full), named)
            counts[~full] = np.bincount(which, minlength=int((~full).sum()))
        return counts

    def _counted_of_groups(self, scope: Array, group: Array) -> Array:
        """Return how many resources of each group have the tags that the scope asks for."""
        start = self._facts.groups.start
        first, last = start[group], start[group + 1]
        condition = self._owner["condition"][scope]
        fits = self.tags.fit(np.repeat(condition, last - first), positions(first, last))
        found: Array = np.add.reduceat(fits, offsets(last - first)[:-1], dtype="int64")
        return found

    def bad(self, reach: Reach, named: Named) -> tuple[Array, Array]:
        """Return the non-compliant rows that fit: which place of `reach`, and the place of the row."""
        first = self._facts.cells.first_bad[reach.cell]
        which, row = spread(first, first + self._facts.cells.nc[reach.cell])
        fits = self.fit(reach.scope[which], self._facts.bad.resource[row], named)
        return which[fits], row[fits]

    def excluded(self, scope: Array, cell: Array, resource: Array, named: Named) -> Array:
        """Tell of each row whether an exclusion of its scope holds it.

        What tags it has may be unknown: then an exclusion by tags holds, so that nothing is covered by it.
        """
        which, number = spread(self._columns.exclusions[scope], self._columns.exclusions[scope + 1])
        owner, at, what = number + self._scopes, cell[which], resource[which]
        hits = self._ground.mask(at) & self._owner["mask"][owner] != 0
        account, kind = self._facts.cells.account[at], self._ground.kind[self._facts.cells.deployment[at]]
        hits &= self._applies.holds_account(self._owner["place_set"][owner], account)
        hits &= self._applies.holds_kind(self._owner["kind_set"][owner], kind)
        hits &= named.has(owner, what) | ~self._owner["has_resource"][owner]
        condition = self._owner["condition"][owner]
        asks = np.flatnonzero(condition != NO_CONDITION)
        hits[asks] &= self.tags.fit(condition[asks], what[asks]) | (self.tags.of_resource[what[asks]] < 0)
        found = np.zeros(len(scope), dtype=bool)
        found[which[hits]] = True
        return found

    def excluded_regions(self, scope: Array, account: Array, kind: Array) -> Array:
        """Return the bits of the regions that exclusions of a broad scope take out of an account and kind."""
        found = np.zeros(len(scope), dtype="int64")
        which, number = spread(self._columns.exclusions[scope], self._columns.exclusions[scope + 1])
        if len(which):
            owner = number + self._scopes
            hits = self._applies.holds_account(self._owner["place_set"][owner], account[which])
            hits &= self._applies.holds_kind(self._owner["kind_set"][owner], kind[which])
            np.bitwise_or.at(found, which[hits], self._owner["mask"][owner[hits]])
        return found
