"""What came of examining a pull: what may be loaded and what is kept back, part by part."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from governance.intake import drift
from governance.intake.blocks import at
from governance.intake.mapping import key_of
from governance.intake.parts import Part, Parts
from governance.intake.records import Record, raw_hash
from governance.intake.spec import SourceSpec
from governance.quality.quarantine import Item
from governance.quality.reasons import Reason, Reasons
from governance.quality.storable import json_text
from governance.register.request import BATCH_COLUMNS
from governance.register.staging import Batch

_KEYS = ("record_no", "source_key")


@dataclass(frozen=True)
class Examined:
    """What may be loaded (`good`, a canonical batch), what is kept back, and why all of it may be held."""

    spec: SourceSpec
    parts: Parts
    reasons: Reasons
    """By number of the record: why it is kept back."""
    held: str
    summary: dict[str, Any]
    page: str = ""
    columns: drift.Shapes | None = None
    """What the next run's columns are held against; None: too few records to say."""
    newest: dict[str, datetime] = field(default_factory=dict)
    """By file its newest observation, where the spec limits how old that may be."""

    @cached_property
    def failed(self) -> frozenset[int]:
        """Numbers of the records kept back."""
        return frozenset(self.reasons)

    @property
    def good(self) -> pd.DataFrame:
        """All that may be loaded as one frame, for batches that fit into memory."""
        frames = [table.to_pandas() for table in self.good_parts()]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(BATCH_COLUMNS))

    @property
    def items(self) -> list[Item]:
        """All that is kept back."""
        return list(self.each_item())

    def good_parts(self, columns: Sequence[str] = BATCH_COLUMNS) -> Iterator[pa.Table]:
        """Yield what may be loaded, part by part."""
        for part in self.parts:
            yield self._rows(part, columns, failed=False)

    def to_load(self) -> Batch:
        """Return what may be loaded, as it is kept."""
        return Batch(self.parts.tables(), self._failed_numbers)

    def each_item(self) -> Iterator[Item]:
        """Yield what is kept back, in the order of the records."""
        for part in self.parts:
            here = self._failed_of(part)
            shown = _shown(self._rows(part, BATCH_COLUMNS, failed=True)) if here else {}
            for number, record in here:
                yield _item(self.spec, record, shown.get(number), self.reasons[number])

    def good_keys(self) -> frozenset[str]:
        """Return the keys of the requests that may be loaded."""
        keys = (rows["source_key"].unique().drop_null().to_pylist() for rows in self.good_parts(_KEYS))
        return frozenset(key for some in keys for key in some)

    def keys_kept_back(self) -> frozenset[str | None]:
        """Return the keys that the records kept back name; None where one names none."""
        return frozenset(
            key_of(record, self.spec) for part in self.parts for _, record in self._failed_of(part)
        )

    def failed_by_place(self) -> Counter[str]:
        """Return how many records of each file, or issue, are kept back."""
        counts: Counter[str] = Counter()
        for part in self.parts:
            counts.update(record.place for _, record in self._failed_of(part))
        return counts

    def passed(self) -> Iterator[Record]:
        """Yield the records that may be loaded, as they came."""
        for part in self.parts:
            for number, record in enumerate(part.records(), start=part.first):
                if number not in self.failed:
                    yield record

    def _failed_of(self, part: Part) -> list[tuple[int, Record]]:
        """The records of a part that are kept back, with their numbers."""
        if not self.reasons:
            return []
        records, numbers = part.records(), self._sorted
        ends = (bisect_left(numbers, end) for end in (part.first, part.first + len(records)))
        here = numbers[slice(*ends)]
        return list(zip(here, at(records, [number - part.first for number in here]), strict=True))

    @cached_property
    def _sorted(self) -> list[int]:
        return sorted(self.reasons)

    def _rows(self, part: Part, columns: Sequence[str], *, failed: bool) -> pa.Table:
        rows = part.rows().select(columns)
        kept_back = pc.is_in(rows["record_no"], self._failed_numbers)
        return rows.filter(kept_back if failed else pc.invert(kept_back))

    @cached_property
    def _failed_numbers(self) -> pa.Array:
        return pa.array(self._sorted, pa.int64())


def _shown(rows: pa.Table) -> dict[int, dict[str, Any]]:
    """By number of its record the last of each record's rows: what there is in it, for a person to read."""
    filled = [name for name in rows.column_names if name != "raw" and rows[name].null_count < len(rows)]
    return {
        row["record_no"]: {name: value for name, value in row.items() if value is not None}
        for row in rows.select(filled).to_pylist()
    }


def _item(spec: SourceSpec, record: Record, shown: dict[str, Any] | None, reasons: list[Reason]) -> Item:
    return Item(
        raw_hash=raw_hash(record.raw),
        locator=record.locator,
        source_key=key_of(record, spec),
        raw=json_text(record.raw),
        mapped=None if shown is None else json_text(shown),
        reasons=reasons,
    )
