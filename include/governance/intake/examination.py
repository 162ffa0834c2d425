"""Examine a pull: map its records, hold them against the gate, and part the good from what is kept back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from governance import resources
from governance.intake.known_files import NOTHING_RESTS, Resting
from governance.intake.mapping import Mapped, key_of, map_records
from governance.intake.records import Record, place_of, raw_hash
from governance.intake.spec import BatchLimits, SourceSpec
from governance.quality.gate import Verdict, judge
from governance.quality.quarantine import Item
from governance.quality.reasons import Reason
from governance.quality.storable import json_text
from governance.quality.suite import Check, canonical_suite
from governance.register.ownership import OwnershipPolicy


@dataclass(frozen=True)
class Examined:
    """What may be loaded (`good`, a canonical batch), what is kept back, and why all of it may be held."""

    good: pd.DataFrame
    items: list[Item]
    failed: frozenset[int]
    """Numbers of the records kept back."""
    held: str
    summary: dict[str, Any]
    page: str
    newest: dict[str, datetime]
    """By file, where the spec limits how old that may be."""


def examine(
    connection: Connection,
    spec: SourceSpec,
    records: Sequence[Record],
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
    mapped = map_records(records, spec, now=now, policy=policy)
    limits = _limits(spec, whole, resting, now)
    verdict = judge(
        mapped.batch.assign(absent_column=_absent(mapped, records, limits.required_columns)),
        mapped.reasons,
        suite_of(spec, limits),
        name=spec.name,
        now=now,
        registered_kinds=_registered_kinds(connection, spec.name, mapped.batch["source_key"]),
    )
    good = mapped.batch[~mapped.batch["record_no"].isin(list(verdict.reasons))]
    return Examined(
        good=good.reset_index(drop=True),
        items=_items(spec, records, mapped, verdict),
        failed=frozenset(verdict.reasons),
        held=verdict.held
        or limits.broken(len(records) + resting.records, len(verdict.reasons) + resting.kept_back),
        summary={**verdict.summary, "records": len(records), "unreadable": _unreadable(mapped.reasons)},
        page=verdict.page,
        newest=_newest(mapped.batch) if spec.batch.freshness_days is not None else {},
    )


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


def _newest(batch: pd.DataFrame) -> dict[str, datetime]:
    """Return by file the time of its newest observation."""
    dated = batch[batch["valid_at"].notna()]
    newest = dated.groupby(dated["locator"].map(place_of))["valid_at"].max()
    return {str(name): at.to_pydatetime() for name, at in newest.items()}


def _absent(mapped: Mapped, records: Sequence[Record], required: Sequence[str]) -> pd.Series:
    """For each row the first required column that its record has not; missing where it has them all."""
    missing = {
        number: next((column for column in required if column not in record.raw), None)
        for number, record in enumerate(records)
        if required and record.problem is None
    }
    return pd.Series(
        [missing.get(int(n)) for n in mapped.batch["record_no"]], dtype="str", index=mapped.batch.index
    )


def _registered_kinds(connection: Connection, source: str, keys: pd.Series) -> dict[str, str]:
    parameters = {"source": source, "keys": keys.dropna().unique().tolist()}
    rows = connection.execute(text(resources.sql("intake/registered_kinds.sql")), parameters)
    return {str(row.source_key): str(row.kind) for row in rows}


def _items(spec: SourceSpec, records: Sequence[Record], mapped: Mapped, verdict: Verdict) -> list[Item]:
    rows = mapped.batch[mapped.batch["record_no"].isin(list(verdict.reasons))].drop_duplicates(
        "record_no", keep="last"
    )
    shown = {
        int(row["record_no"]): {
            name: value for name, value in row.items() if name != "raw" and pd.notna(value)
        }
        for row in rows.to_dict("records")
    }
    return [
        _item(spec, records[number], shown.get(number), verdict.reasons[number])
        for number in sorted(verdict.reasons)
    ]


def _item(spec: SourceSpec, record: Record, shown: dict[Any, Any] | None, reasons: list[Reason]) -> Item:
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
