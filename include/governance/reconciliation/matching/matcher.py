"""Matches scopes batch by batch: those that places and kinds decide on cells, the others on rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from governance.reconciliation.compiled import Compiled
from governance.reconciliation.matching.arrays import NOTHING, Array, holds, spread
from governance.reconciliation.matching.collapse import Collapsed
from governance.reconciliation.matching.facts import key
from governance.reconciliation.matching.grid import Grid
from governance.reconciliation.matching.ground import Applies, Ground
from governance.reconciliation.matching.naming import Naming
from governance.reconciliation.matching.rows import Named, Reach, Rows
from governance.reconciliation.matching.scope_evidence import ScopeEvidence
from governance.reconciliation.matching.tags import Tags
from governance.reconciliation.matching.tally import COUNTS, Tally

AT_ONCE = 100_000
"""Scopes that reach about so many cells together are matched at once."""


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
        facts = ground.facts
        self._compiled, self._ground, self._collapsed = compiled, ground, collapsed
        self._columns, self._facts = compiled.columns, facts
        self._scopes = len(compiled.of)
        self._everywhere = int(np.bitwise_or.reduce(ground.bit)) if len(ground.bit) else 0
        self._applies = Applies(compiled.sets, ground)
        self._grid = Grid(facts.cells.account, ground.kind[facts.cells.deployment], ground.kinds)
        self._naming = Naming(compiled, ground, self._applies)
        self._rows = Rows(compiled, ground, self._applies, Tags(compiled, facts, ground.directory.evidence))
        self._several = np.bincount(self._columns.exception, minlength=compiled.exceptions) > 1
        self.tally = Tally(compiled, ground, collapsed)
        self.evidence = ScopeEvidence(compiled, ground, self._applies, self._rows)

    def heed(self, exception: int) -> None:
        """Remember of each item that the scopes of an exception fit which scopes fit it."""
        scopes = np.flatnonzero(self._columns.exception == exception)
        scout = Matcher(self._compiled, self._ground, self._collapsed)
        met = np.zeros(len(self.tally.best), dtype=bool)
        scout.tally.heed(~met)
        if len(scopes):
            scout._match(int(scopes[0]), int(scopes[-1]) + 1)
        met[scout.tally.met[1]] = True
        self.tally.heed(met)

    def run(self) -> None:
        """Match all scopes."""
        for first, last in self._batches():
            self._match(first, last)

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

    def _match(self, first: int, last: int) -> None:
        owner, columns = self._compiled.owner, self._columns
        wide = np.arange(first, last)[~owner["has_resource"][first:last]]
        broad = columns.is_broad[wide]
        scope, cell = self._wide_cells(wide[broad])
        taken = self._broad(scope, cell, wide[broad])
        named = self._named(first, last)
        scope, cell = self._wide_cells(wide[~broad])
        there = self._named_cells(named)
        reach = Reach(
            np.concatenate((scope, there.scope)),
            np.concatenate((cell, there.cell)),
            np.concatenate((np.full(len(scope), -1), there.pair)),
        )
        self.evidence.note(named, reach)
        apart = columns.is_detailed[reach.scope] | self._collapsed.has(reach.cell)
        for part in reach.at(~apart).parts():
            self._count_simple(part, named)
        self._count(self._tell_apart(reach.at(apart), named), taken)

    def _wide_cells(self, scopes: Array) -> tuple[Array, Array]:
        """Return the cells that scopes reach which name no resources: scope, cell."""
        which, cell = self._grid.reached(self._compiled.owner, scopes, self._applies)
        scope, mask = scopes[which], self._compiled.owner["mask"]
        if bool(np.all(mask[scopes] & self._everywhere == self._everywhere)):
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

    def _broad(self, scope: Array, cell: Array, broad: Array) -> Array:
        """Match `broad` scopes on the cells they reach; return the pairs of exception and cell they fit."""
        cells, exclusions = self._facts.cells, self._columns.exclusions
        keep = ~self._collapsed.has(cell)
        if exclusions[-1]:
            kind = self._ground.kind[cells.deployment[cell]]
            keep &= (
                self._ground.mask(cell) & ~self._rows.excluded_regions(scope, cells.account[cell], kind) != 0
            )
        if not keep.all():
            scope, cell = scope[keep], cell[keep]
        fresh, n, nc = self._ground.fresh(cell), cells.n[cell], cells.nc[cell]
        taken = [self._count_cells(scope, cell, n, n * fresh, nc * fresh, nc * ~fresh)]
        which, row = spread(cells.first_bad[cell], cells.first_bad[cell] + nc)
        self.tally.hit(scope[which], row)
        taken.append(self._broad_items(broad))
        return np.sort(np.concatenate(taken))

    def _broad_items(self, broad: Array) -> Array:
        """Match broad scopes on collapsed items, which may show in several regions."""
        owner, found = self._compiled.owner, self._collapsed.item_cell
        which, place = self._collapsed.grid.reached(owner, broad, self._applies)
        scope = broad[which]
        mask = found["mask"][place] & owner["mask"][scope]
        mask &= ~self._rows.excluded_regions(scope, found["account"][place], found["kind"][place])
        scope, place = scope[mask != 0], place[mask != 0]
        counts = (found[name][place] for name in ("n", "fresh", "nc_fresh", "nc_stale"))
        taken = self._count_cells(scope, found["cell"][place], *counts)
        which, item = spread(self._collapsed.start[place], self._collapsed.start[place + 1])
        bad = self._collapsed.item["nc_fresh"][item] | self._collapsed.item["nc_stale"][item]
        self.tally.hit(scope[which[bad]], self.tally.rows + item[bad])
        return taken

    def _count_cells(self, scope: Array, cell: Array, *counts: Array) -> Array:
        """Count whole cells, each once per exception; return those of exceptions with several scopes."""
        exception = self._columns.exception[scope]
        named = dict(zip(COUNTS, counts, strict=True))
        several = self._several[exception]
        if not several.any():
            self.tally.count(exception, **named)
            return NOTHING
        keys = self._taken(exception, cell)
        once = np.unique(keys, return_index=True)[1]
        self.tally.count(exception[once], **{name: values[once] for name, values in named.items()})
        return keys[several]

    def _taken(self, exception: Array, cell: Array) -> Array:
        found: Array = exception * (len(self._facts.cells.n) + len(self._collapsed.item["item"]) + 1) + cell
        return found

    def _count_simple(self, reach: Reach, named: Named) -> None:
        """Count scopes without exclusions that are the only ones of their exception."""
        exception, fresh = self._columns.exception[reach.scope], self._ground.fresh(reach.cell)
        n = self._rows.counted(reach, named)
        self.tally.count(exception, matched=n, assessed=n * fresh)
        which, row = self._rows.bad(reach, named)
        self.tally.count(exception[which], covered=fresh[which], stale=~fresh[which])
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
        is_bad = item["nc_fresh"].astype(bool) | item["nc_stale"].astype(bool)
        self.tally.hit(scope[is_bad], self.tally.rows + place[is_bad])
        told = (item[name] for name in ("item", "cell", "fresh", "nc_fresh", "nc_stale"))
        return self._columns.exception[scope], *told

    def _count(self, found: Found, taken: Array) -> None:
        """Count items once per exception, and not where its whole cell is counted already."""
        new = ~holds(taken, self._taken(found.exception, found.cell))
        exception, item = found.exception[new], found.item[new]
        order = np.lexsort((item, exception))
        again = (np.diff(exception[order], prepend=-1) == 0) & (np.diff(item[order], prepend=-1) == 0)
        once = order[~again]
        flags = {"assessed": found.fresh, "covered": found.covered, "stale": found.stale}
        counts = {name: values[new][once] for name, values in flags.items()}
        self.tally.count(exception[once], matched=np.ones(len(once)), **counts)
