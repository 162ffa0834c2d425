"""Matches scopes batch by batch: those that places and kinds decide on cells, the others on rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from governance.reconciliation.compiled import Compiled
from governance.reconciliation.matching.arrays import Array, holds, spread
from governance.reconciliation.matching.broad import Broad
from governance.reconciliation.matching.collapse import Collapsed
from governance.reconciliation.matching.facts import key
from governance.reconciliation.matching.grid import Grid
from governance.reconciliation.matching.ground import Applies, Ground
from governance.reconciliation.matching.naming import Naming
from governance.reconciliation.matching.rows import Named, Reach, Rows
from governance.reconciliation.matching.scope_evidence import ScopeEvidence
from governance.reconciliation.matching.tally import Tally

AT_ONCE = 100_000
"""Scopes that reach about so many cells together are matched at once: it bounds the memory, and arrays this
small stay in the cache."""


@dataclass(frozen=True)
class Found:
    """Items that need to be told apart: of scopes with exclusions or beside others, and collapsed ones.

    `item` and `cell` are numbers of the narrow result; `fresh`, `covered` and `stale` are told of the item.
    """

    exception: Array
    item: Array
    cell: Array
    fresh: Array
    covered: Array
    stale: Array


class Matcher:
    """Everything that is matched, and where it is counted."""

    def __init__(self, compiled: Compiled, ground: Ground, collapsed: Collapsed) -> None:
        self._compiled, self._ground, self._collapsed = compiled, ground, collapsed
        self._columns, self._facts = compiled.columns, ground.facts
        self._grid = Grid.of_cells(ground)
        self._scopes = compiled.count
        self._applies = Applies(compiled.sets, ground)
        self._rows = Rows(compiled, ground, self._applies)
        self.tally = Tally(compiled, ground, collapsed)
        self._broad = Broad(compiled, ground, collapsed, self._rows, self.tally)
        self.evidence = ScopeEvidence(compiled, ground, self._applies, self._rows)

    @cached_property
    def _naming(self) -> Naming:
        return Naming(self._compiled, self._ground, self._applies)

    def heed(self, exception: int) -> None:
        """Remember of each item that the scopes of an exception fit which scopes fit it."""
        scopes = np.flatnonzero(self._columns.exception == exception)
        scout = Matcher(self._compiled, self._ground, self._collapsed)
        met = np.zeros(len(self.tally.best), dtype=bool)
        scout.tally.heed(~met)
        if len(scopes):
            scout._match([(int(scopes[0]), int(scopes[-1]) + 1)])
        met[scout.tally.met[1]] = True
        self.tally.heed(met)

    def run(self) -> None:
        """Match all scopes."""
        self._match(list(self._batches()))

    def _match(self, batches: list[tuple[int, int]]) -> None:
        """Match these ranges of scopes. Resources are asked for last: they take the longest to be read."""
        taken = [self._match_broad(first, last) for first, last in batches]
        for (first, last), cells in zip(batches, taken, strict=True):
            self._match_rows(first, last, cells)

    def _batches(self) -> Iterator[tuple[int, int]]:
        """Yield ranges of scopes; those of one exception are in the same."""
        owner, applies = self._compiled.owner, self._applies
        sets = owner["place_set"][: self._scopes], owner["kind_set"][: self._scopes]
        kinds = np.where(applies.any_kind, max(self._ground.kinds, 1), np.diff(applies.kind_start))
        cells = np.cumsum(np.diff(applies.account_start)[sets[0]] * kinds[sets[1]])
        ends = np.flatnonzero(np.diff(self._columns.exception, append=-1)) + 1
        first = 0
        while first < self._scopes:
            before = cells[first - 1] if first else 0
            last = int(ends[min(np.searchsorted(cells[ends - 1], before + AT_ONCE), len(ends) - 1)])
            yield first, last
            first = last

    def _wide(self, first: int, last: int, broad: bool) -> Array:
        """Return the scopes among these that name no resources, and are broad or not."""
        columns = slice(first, last)
        names = self._compiled.owner["has_resource"][columns]
        return np.flatnonzero(~names & (self._columns.is_broad[columns] == broad)) + first

    def _match_broad(self, first: int, last: int) -> Array:
        """Match broad scopes on cells; return the cells of exceptions that have several scopes."""
        scopes = self._wide(first, last, broad=True)
        cells = self._broad.match(*self._wide_cells(scopes))
        if not len(self._collapsed.cells):
            return np.sort(cells)
        which, place = self._collapsed.grid.reached(self._compiled.owner, scopes, self._applies)
        items = self._broad.match_items(scopes[which], place)
        return np.sort(np.concatenate((cells, items)))

    def _match_rows(self, first: int, last: int, taken: Array) -> None:
        """Match the other scopes on rows. `taken` are cells that are counted already."""
        named = self._named(first, last)
        scope, cell = self._wide_cells(self._wide(first, last, broad=False))
        there = self._named_cells(named)
        reach = Reach(
            np.concatenate((scope, there.scope)),
            np.concatenate((cell, there.cell)),
            np.concatenate((np.full(len(scope), -1), there.pair)),
        )
        self.evidence.note(named, reach)
        apart = self._columns.is_detailed[reach.scope] | self._collapsed.has(reach.cell)
        for part in (reach.at(~apart) if apart.any() else reach).parts():
            self._count_simple(part, named)
        if apart.any():
            self._count(self._tell_apart(reach.at(apart), named), taken)

    def _wide_cells(self, scopes: Array) -> tuple[Array, Array]:
        """Return the cells that scopes reach which name no resources: scope, cell."""
        which, cell = self._grid.reached(self._compiled.owner, scopes, self._applies)
        scope, mask, everywhere = scopes[which], self._compiled.owner["mask"], self._ground.everywhere
        if bool(np.all(mask[scopes] & everywhere == everywhere)):
            return scope, cell
        inside = self._ground.mask(cell) & mask[scope] != 0
        return scope[inside], cell[inside]

    def _named(self, first: int, last: int) -> Named:
        """Return what the scopes from `first` to before `last` and their exclusions name."""
        exclusions = self._columns.exclusions[[first, last]] + self._scopes
        found = [self._naming.of(first, last), self._naming.of(*exclusions.tolist())]
        owner, resource = (np.concatenate(side) for side in zip(*found, strict=True))
        return Named.of(self._facts, owner, resource)

    def _named_cells(self, named: Named) -> Reach:
        """Return the cells in which the resources are that scopes name."""
        owner, facts = self._compiled.owner, self._facts
        groups, cells = facts.groups, facts.cells
        begin = named.pair[:-1]
        pair = np.flatnonzero(named.owner[begin] < self._scopes)
        scope, group = named.owner[begin[pair]], facts.resources.grp[named.resource[begin[pair]]]
        kinds, starts = self._ground.kinds_of_type
        of, place = spread(starts[groups.type_[group]], starts[groups.type_[group] + 1])
        meant = self._applies.holds_kind(owner["kind_set"][scope[of]], kinds[place])
        of, kind = of[meant], kinds[place[meant]]
        at, cell = self._grid.pairs(groups.account[group[of]], kind)
        of = of[at]
        inside = (cells.grp[cell] == group[of]) & (self._ground.mask(cell) & owner["mask"][scope[of]] != 0)
        return Reach(scope[of[inside]], cell[inside], pair[of[inside]])

    def _count_simple(self, reach: Reach, named: Named) -> None:
        """Count scopes without exclusions that are the only ones of their exception."""
        exception = self._columns.exception[reach.scope]
        which, row = self._rows.bad(reach, named)
        n, bad = self._rows.counted(reach, named), np.bincount(which, minlength=len(exception))
        self.tally.count(exception, n, bad, self._ground.unless_all_fresh(reach.cell))
        self.tally.hit(reach.scope[which], row)

    def _tell_apart(self, reach: Reach, named: Named) -> Found:
        """List the rows that scopes fit, without those that their exclusions hold."""
        found = [self._told(part, named) for part in reach.parts()]
        columns = zip(*found, strict=True) if found else ((),) * 6
        return Found(*(np.concatenate([np.empty(0, "int64"), *parts]) for parts in columns))

    def _told(self, reach: Reach, named: Named) -> tuple[Array, ...]:
        which, resource = self._rows.listed(reach, named)
        scope, cell = reach.scope[which], reach.cell[which]
        keep = ~self._rows.excluded(scope, cell, resource, named)
        scope, cell, resource = scope[keep], cell[keep], resource[keep]
        together = self._collapsed.has(cell)
        plain = self._plain(scope[~together], cell[~together], resource[~together])
        gathered = self._gathered(scope[together], cell[together], resource[together])
        return tuple(np.concatenate(pair) for pair in zip(plain, gathered, strict=True))

    def _plain(self, scope: Array, cell: Array, resource: Array) -> tuple[Array, ...]:
        items, fresh, bad = key(cell, resource), self._ground.fresh(cell), self._facts.bad.keys
        place = np.searchsorted(bad, items)
        is_bad = holds(bad, items)
        self.tally.hit(scope[is_bad], place[is_bad])
        return self._columns.exception[scope], items, cell, fresh, is_bad & fresh, is_bad & ~fresh

    def _gathered(self, scope: Array, cell: Array, resource: Array) -> tuple[Array, ...]:
        place = self._collapsed.items_of(cell, resource)
        item = {name: values[place] for name, values in self._collapsed.item.items()}
        is_bad = self._collapsed.is_bad[place]
        self.tally.hit(scope[is_bad], self.tally.rows + place[is_bad])
        told = (item[name] for name in ("item", "cell", "fresh", "nc_fresh", "nc_stale"))
        return self._columns.exception[scope], *told

    def _count(self, found: Found, taken: Array) -> None:
        """Count items once per exception, and not where its whole cell is counted already."""
        new = ~holds(taken, self._broad.taken(found.exception, found.cell))
        exception, item = found.exception[new], found.item[new]
        order = np.lexsort((item, exception))
        again = (np.diff(exception[order], prepend=-1) == 0) & (np.diff(item[order], prepend=-1) == 0)
        once = order[~again]
        flags = {"assessed": found.fresh, "covered": found.covered, "stale": found.stale}
        counts = {name: values[new][once] for name, values in flags.items()}
        self.tally.add(exception[once], matched=np.ones(len(once)), **counts)
