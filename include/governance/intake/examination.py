"""Examine a pull: map its records, hold them against the gate, and part the good from what is kept back.

Records are mapped part by part, so that a large pull takes little memory; the gate sees the batch as a whole.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from governance import resources
from governance.intake.known_files import NOTHING_RESTS, Resting
from governance.intake.mapping import key_of, map_records
from governance.intake.parts import Part, Parts, in_parts
from governance.intake.records import Record, place_of, raw_hash
from governance.intake.spec import BatchLimits, SourceSpec
from governance.quality.gate import Verdict, columns_judged, judge
from governance.quality.quarantine import Item
from governance.quality.reasons import Reason, Reasons
from governance.quality.storable import json_text
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

    def failed_by_place(self) -> Counter[str]:
        """Return how many records of each file, or issue, are kept back."""
        counts: Counter[str] = Counter()
        for part in self.parts if self.reasons else ():
            records = part.records()
            counts.update(r.place for n, r in enumerate(records, start=part.first) if n in self.failed)
        return counts

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
    resting: Resting = NOTHING_RESTS,
) -> Examined:
    """Map and check records. A record of which any observation fails is kept back as a whole.

    `whole` False: these records are no pull of their own (a replay), so limits of the batch do not apply.
    They do apply to the records together with those `resting` in files that were not read again.
    """
    limits = _limits(spec, whole, resting, now)
    suite = suite_of(spec, limits)
    columns = columns_judged(suite)
    parts = Parts()
    reasons: Reasons = {}
    judged: list[pd.DataFrame] = []
    newest: dict[str, datetime] = {}
    for some in in_parts(records):
        mapped = map_records(some, spec, now=now, policy=policy, first=parts.pulled, first_row=parts.rows)
        reasons |= mapped.reasons
        absent = _absent(mapped.batch["record_no"], some, parts.pulled, limits.required_columns)
        judged.append(mapped.batch[columns].assign(absent_column=absent))
        _note_newest(newest, mapped.batch, spec)
        parts.add(some, mapped.batch)
    verdict = _judged(connection, spec, suite, judged, reasons, now)
    return Examined(
        spec=spec,
        parts=parts,
        reasons=verdict.reasons,
        held=verdict.held
        or limits.broken(parts.pulled + resting.records, len(verdict.reasons) + resting.kept_back),
        summary={**verdict.summary, "records": parts.pulled, "unreadable": _unreadable(reasons)},
        page=verdict.page,
        newest=newest,
    )


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


def _limits(spec: SourceSpec, whole: bool, resting: Resting, now: datetime) -> BatchLimits:
    """The limits that this batch is held to: no freshness where a file not read again is fresh enough."""
    if not whole:
        return BatchLimits()
    if resting.newest is not None and not spec.batch.stale(resting.newest, now):
        return spec.batch.model_copy(update={"freshness_days": None})
    return spec.batch


def _note_newest(newest: dict[str, datetime], batch: pd.DataFrame, spec: SourceSpec) -> None:
    """Note by file the time of its newest observation, where the spec limits how old that may be."""
    if spec.batch.freshness_days is None:
        return
    dated = batch[batch["valid_at"].notna()]
    for name, at in dated.groupby(dated["locator"].map(place_of))["valid_at"].max().items():
        newest[str(name)] = max(at.to_pydatetime(), newest.get(str(name), at.to_pydatetime()))


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
