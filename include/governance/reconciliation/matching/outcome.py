"""The narrow result: every non-compliant item of the snapshot, and who covers it."""

from __future__ import annotations

from functools import cached_property

import duckdb
import numpy as np
import pyarrow as pa

from governance import resources
from governance.reconciliation.matching.arrays import Array, narrow
from governance.reconciliation.matching.collapse import Collapsed
from governance.reconciliation.matching.facts import key
from governance.reconciliation.matching.ground import Ground
from governance.reconciliation.matching.tally import NONE, Tally

_ROW_GROUP = 122_880
"""So many rows DuckDB takes at a time: cut like this, it reads them on several threads."""


class Outcome:
    """Items by the places of their rows, collapsed items behind them."""

    def __init__(self, ground: Ground, collapsed: Collapsed, tally: Tally) -> None:
        self._ground, self._collapsed, self._tally = ground, collapsed, tally

    @cached_property
    def fresh(self) -> Array:
        """Per place, whether there is a non-compliant item with fresh evidence."""
        rows = self._ground.facts.bad.cell
        plain = self._ground.fresh(rows)
        if not len(self._collapsed.cells):
            return plain
        return np.concatenate(
            (plain & ~self._collapsed.has(rows), self._collapsed.item["nc_fresh"].astype(bool))
        )

    def publish(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the view `outcome` of the items, with the columns of `outcomes.sql`."""
        bad, tally, collapsed = self._ground.facts.bad, self._tally, self._collapsed
        columns = {
            "cell": self._both(bad.cell, "cell"),
            "row": narrow(self._both(bad.row, "row")),
            "resource": self._both(bad.resource, "resource"),
            "fresh": self.fresh.view("uint8"),
            "best": tally.best,
            "ending": tally.ending,
        }
        item = pa.nulls(len(bad.row))  # follows from cell and resource
        if len(collapsed.cells):
            there = np.concatenate((~collapsed.has(bad.cell), collapsed.is_bad))
            columns = {name: values[there] for name, values in columns.items()}
            item = self._both(key(bad.cell, bad.resource), "item")[there]
        rows = pa.table({**columns, "item": item})
        pieces = rows.to_batches(max_chunksize=_ROW_GROUP)
        connection.register("narrow", pa.Table.from_batches(pieces, rows.schema))
        connection.execute(resources.sql("reconciliation/outcomes.sql"))

    def deviations(self, of_rank: Array) -> Array:
        """Tell of each item what `of_rank` has for the expired scope that covers it best, by its rank.

        The last entry of `of_rank` stands for items that no scope ever covered. -1: the item is no deviation,
        because an active exception covers it, or because its evidence is not fresh.
        """
        best = self._tally.best
        found = of_rank.take(best, mode="clip")
        found[(best < 0) | ~self.fresh] = -1
        return found

    def publish_met(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the table `beside` of what was remembered. Columns: scope, item (its number)."""
        scope, place = self._tally.met
        bad = self._ground.facts.bad
        items = self._both(key(bad.cell, bad.resource), "item")
        connection.register("beside", pa.table({"scope": scope, "item": items[place]}))

    def _both(self, of_row: Array, of_item: str) -> Array:
        """Return what is told of each row, and of each collapsed item."""
        items = self._collapsed.item[of_item]
        return np.concatenate((of_row, items)) if len(items) else of_row

    def totals(self) -> dict[str, int]:
        """Return what the snapshot adds up to; assessed: items with fresh evidence, the rest is unknown."""
        cells, items = self._ground.facts.cells, self._collapsed.item_cell
        plain = (
            np.flatnonzero(~self._collapsed.has(np.arange(len(cells.n))))
            if len(self._collapsed.cells)
            else slice(None)
        )
        n, nc = cells.n[plain], cells.nc[plain]
        evaluations, bad = int(n.sum()) + int(items["n"].sum()), int(nc.sum())
        assessed, unknown = evaluations, 0
        if not self._ground.all_fresh:
            fresh = self._ground.fresh(np.arange(len(cells.n)))[plain]
            assessed, unknown = int(n[fresh].sum()) + int(items["fresh"].sum()), int(nc[~fresh].sum())
        bad += int(items["nc_fresh"].sum()) + int(items["nc_stale"].sum())
        unknown += int(items["nc_stale"].sum())
        every = self._ground.all_fresh and not len(self._collapsed.cells)
        best = self._tally.best if every else self._tally.best[self.fresh]
        covered = int((best < 0).sum())
        expired = len(best) - covered - int((best == NONE).sum())
        return {
            "evaluations": evaluations,
            "assessed": assessed,
            "non_compliant": bad,
            "covered": covered,
            "deviations": bad - unknown - covered,
            "expired_deviations": expired,
            "unknown": unknown,
        }
