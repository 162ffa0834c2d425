"""What records say, row by row, whatever way they came: objects one by one, or a block kept by column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import pyarrow as pa

from governance.intake import columns, drawing
from governance.intake.blocks import Block
from governance.intake.readers.registry import kind_of
from governance.intake.records import Observation, Record, stem_of
from governance.intake.spec import SourceSpec
from governance.quality.reasons import Reason, Reasons
from governance.quality.storable import json_text
from governance.register.canonical import TEXT


@dataclass(frozen=True)
class Said:
    """Observations: the fields of each, the number of its record, where a person finds it, and its raw form.

    `instants` and `actors` are what the reader itself says of each; None where it says nothing of any.
    """

    rows: drawing.Rows
    numbers: Sequence[int]
    locators: Sequence[str] | pa.Array
    raws: pd.Series
    instants: Sequence[datetime | None] | None = None
    actors: Sequence[str | None] | None = None


@dataclass(frozen=True)
class _Cells:
    """The rows of a block; `@file` is its file without the extension."""

    block: Block

    def __len__(self) -> int:
        return len(self.block)

    def held(self, column: str) -> drawing.Drawn:
        if column == "@file":
            return pa.array([stem_of(f"{self.block.file}:1")] * len(self.block), TEXT)
        found = self.block.cells.get(column)
        return pa.nulls(len(self.block), TEXT) if found is None else found


def of_block(block: Block, first: int) -> Said:
    """Return what a block says: one observation a record."""
    numbers = range(first, first + len(block))
    raws = pd.Series(columns.text_array(block.raw_texts))
    return Said(_Cells(block), numbers, block.locators(), raws)


def of_records(records: Iterable[Record], spec: SourceSpec, first: int, reasons: Reasons) -> Said:
    """Return what records say; add to `reasons` those that say nothing readable."""
    observations = kind_of(spec).observations
    found: list[tuple[int, Record, Observation]] = []
    for number, record in enumerate(records, start=first):
        if record.problem is not None:
            reasons[number] = [Reason(record.problem)]
            continue
        try:
            found += [(number, record, observation) for observation in observations(spec, record)]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reasons[number] = [Reason(f"the record is not what the reader expects: {error!r}")]
    return Said(
        rows=drawing.Told([observation.fields for _, _, observation in found]),
        numbers=[number for number, _, _ in found],
        locators=[record.locator for _, record, _ in found],
        raws=columns.text_column([json_text(r.raw if o.raw is None else o.raw) for _, r, o in found]),
        instants=[observation.valid_at for _, _, observation in found],
        actors=[observation.actor for _, _, observation in found],
    )
