"""What a spec makes of records: raw and mapped side by side, and every reason why a value was not read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from governance.intake.mapping import map_records
from governance.intake.records import Record
from governance.intake.spec import SourceSpec
from governance.quality.storable import json_text
from governance.register.ownership import OwnershipPolicy
from governance.register.request import BATCH_COLUMNS, JSON_FIELDS

_INSIDE = ("record_no", "row_no", "locator", "raw")


@dataclass(frozen=True)
class Preview:
    """One record: as it came, as the register would know it (its last observation), and what is wrong."""

    locator: str
    raw: dict[str, Any]
    mapped: dict[str, Any]
    problems: tuple[str, ...]


def preview(
    spec: SourceSpec, records: Sequence[Record], *, now: datetime, policy: OwnershipPolicy
) -> list[Preview]:
    """Map records and set each beside what became of it."""
    mapped = map_records(records, spec, now=now, policy=policy)
    last = mapped.batch.drop_duplicates("record_no", keep="last").set_index("record_no")
    return [
        Preview(
            record.locator,
            json.loads(json_text(record.raw)),
            _shown(last.loc[number]) if number in last.index else {},
            tuple(
                f"{reason.field}: {reason.why}" if reason.field else reason.why
                for reason in mapped.reasons.get(number, ())
            ),
        )
        for number, record in enumerate(records)
    ]


def _shown(row: Any) -> dict[str, Any]:
    """Fields that hold something, in the order of the register; times as ISO 8601 in UTC."""
    shown: dict[str, Any] = {}
    for name in BATCH_COLUMNS:
        value = row.get(name)
        if name in _INSIDE or value is None or pd.isna(value):
            continue
        if isinstance(value, pd.Timestamp):
            shown[name] = value.isoformat()
        else:
            shown[name] = json.loads(value) if name in JSON_FIELDS else value
    return shown
