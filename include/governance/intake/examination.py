"""Examine a pull: map its records, hold them against the gate, and part the good from what is kept back.

Records are mapped part by part, so that a large pull takes little memory; the gate sees the batch as a whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from governance import resources
from governance.intake.mapping import Mapped, key_of, map_records
from governance.intake.parts import Part, Parts, in_parts
from governance.intake.records import Record, raw_hash
from governance.intake.spec import BatchLimits, SourceSpec
from governance.quality.gate import Verdict, columns_judged, judge
from governance.quality.quarantine import Item
from governance.quality.reasons import Reason, Reasons
from governance.quality.storable import DEEPEST, json_text
from governance.quality.suite import Check, canonical_suite
from governance.register.ownership import OwnershipPolicy
from governance.register.request import BATCH_COLUMNS

_NO_ROWS = Verdict({}, "", {"expectations": [], "rows": 0})


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

    def good_parts(self) -> Iterator[pa.Table]:
        """Yield what may be loaded, part by part."""
        for part in self.parts:
            yield self._rows(part, failed=False)

    def each_item(self) -> Iterator[Item]:
        """Yield what is kept back, in the order of the records."""
        numbers = sorted(self.reasons)
        for part in self.parts:
            records = part.records() if numbers else ()
            ends = (bisect_left(numbers, end) for end in (part.first, part.first + len(records)))
            here = numbers[slice(*ends)]
            shown = _shown(self._rows(part, failed=True)) if here else {}
            for number in here:
                record = records[number - part.first]
                yield _item(self.spec, record, shown.get(number), self.reasons[number])

    def passed(self) -> Iterator[Record]:
        """Yield the records that may be loaded, as they came."""
        for part in self.parts:
            for number, record in enumerate(part.records(), start=part.first):
                if number not in self.failed:
                    yield record

    def _rows(self, part: Part, *, failed: bool) -> pa.Table:
        rows = part.rows()
        kept_back = pc.is_in(rows["record_no"], self._failed_numbers)
        return rows.filter(kept_back if failed else pc.invert(kept_back))

    @cached_property
    def _failed_numbers(self) -> pa.Array:
        return pa.array(sorted(self.reasons), pa.int64())


def examine(
    connection: Connection,
    spec: SourceSpec,
    records: Iterable[Record],
    *,
    now: datetime,
    policy: OwnershipPolicy,
    whole: bool = True,
) -> Examined:
    """Map and check records. A record of which any observation fails is kept back as a whole.

    `whole` False: these records are no pull of their own (a replay), so limits of the batch do not apply.
    """
    limits = spec.batch if whole else BatchLimits()
    suite = suite_of(spec, limits)
    columns = columns_judged(suite)
    parts = Parts()
    reasons: Reasons = {}
    judged: list[pd.DataFrame] = []
    for drawn in in_parts(records):
        some, mapped = _mapped(drawn, spec, parts, now=now, policy=policy)
        reasons |= mapped.reasons
        absent = _absent(mapped.batch["record_no"], some, parts.pulled, limits.required_columns)
        judged.append(mapped.batch[columns].assign(absent_column=absent))
        parts.add(some, mapped.batch)
    verdict = _judged(connection, spec, suite, judged, reasons, now)
    return Examined(
        spec=spec,
        parts=parts,
        reasons=verdict.reasons,
        held=verdict.held or limit_broken(limits, parts.pulled, len(verdict.reasons)),
        summary={**verdict.summary, "records": parts.pulled, "unreadable": _unreadable(reasons)},
        page=verdict.page,
    )


def _mapped(
    records: list[Record], spec: SourceSpec, before: Parts, *, now: datetime, policy: OwnershipPolicy
) -> tuple[list[Record], Mapped]:
    """Map the next records; those nested too deep to be kept as they came are shown by their place."""
    numbers = {"first": before.pulled, "first_row": before.rows}
    try:
        return records, map_records(records, spec, now=now, policy=policy, **numbers)
    except RecursionError:
        flat = [_flat(record) for record in records]
        return flat, map_records(flat, spec, now=now, policy=policy, **numbers)


def _flat(record: Record) -> Record:
    try:
        json_text(record.raw)
    except RecursionError:
        why = f"holds more than {DEEPEST} levels of objects within each other"
        return Record(record.locator, {"@text": f"{record.locator} {why}"}, f"the record {why}")
    return record


def _judged(
    connection: Connection,
    spec: SourceSpec,
    suite: list[Check],
    judged: list[pd.DataFrame],
    reasons: Reasons,
    now: datetime,
) -> Verdict:
    """Let the gate judge the whole batch; `judged` are its parts and are used up."""
    if not judged:
        return _NO_ROWS
    batch = pd.concat(judged, ignore_index=True)
    judged.clear()
    kinds = _registered_kinds(connection, spec.name, batch["source_key"])
    return judge(batch, reasons, suite, name=spec.name, now=now, registered_kinds=kinds)


def suite_of(spec: SourceSpec, limits: BatchLimits) -> list[Check]:
    """Return the canonical expectations that a spec does not waive, its own, and its freshness."""
    checks = [check for check in canonical_suite() if check.id not in spec.waived]
    checks += spec.expectations
    if limits.freshness_days is not None:
        days = limits.freshness_days
        kwargs = {"column": "valid_at", "min_value": f"now-{days}d"}
        words = f"the newest observation is at most {days} days old"
        name = "expect_column_max_to_be_between"
        checks.append(Check(id="fresh", type=name, kwargs=kwargs, severity="hold", words=words))
    return checks


def limit_broken(limits: BatchLimits, pulled: int, failed: int) -> str:
    """Return which limit of a batch its counts break, else ''."""
    if pulled < limits.min_records:
        return f"{pulled} records pulled, expected at least {limits.min_records}"
    if limits.max_quarantined is not None and failed > limits.max_quarantined * pulled:
        return f"{failed} of {pulled} records fail, expected at most {limits.max_quarantined:.0%}"
    return ""


def _absent(numbers: pd.Series, records: Sequence[Record], first: int, required: Sequence[str]) -> pd.Series:
    """For each row the first required column that its record has not; missing where it has them all."""
    if not required:
        return pd.Series([None] * len(numbers), dtype="str", index=numbers.index)
    missing = [
        None if record.problem is not None else next((c for c in required if c not in record.raw), None)
        for record in records
    ]
    return pd.Series([missing[number - first] for number in numbers], dtype="str", index=numbers.index)


def _registered_kinds(connection: Connection, source: str, keys: pd.Series) -> dict[str, str]:
    parameters = {"source": source, "keys": keys.dropna().unique().tolist()}
    rows = connection.execute(text(resources.sql("intake/registered_kinds.sql")), parameters)
    return {str(row.source_key): str(row.kind) for row in rows}


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


def _unreadable(reasons: dict[int, list[Reason]]) -> dict[str, int]:
    """How often the mapping found what is wrong, by field."""
    fields = [reason.field or "record" for known in reasons.values() for reason in known]
    return {field: fields.count(field) for field in sorted(set(fields))}
