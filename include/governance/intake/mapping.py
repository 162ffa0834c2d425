"""From records to a canonical batch, and a reason for everything that could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from governance.intake import values
from governance.intake.fields import FieldSource
from governance.intake.owners import resolve_owners
from governance.intake.readers.registry import kind_of, observations
from governance.intake.records import Observation, Record
from governance.intake.scopes import read_scopes
from governance.intake.spec import SourceSpec
from governance.intake.things import read_targets, read_things
from governance.quality.reasons import Reason, Reasons
from governance.quality.storable import json_text
from governance.register.ownership import OwnershipPolicy
from governance.register.request import BATCH_COLUMNS, JSON_FIELDS, TIME_FIELDS


@dataclass(frozen=True)
class Mapped:
    """A canonical batch (columns: BATCH_COLUMNS) and, by record number, what could not be read.

    Records that could not be read at all have reasons, but no rows.
    """

    batch: pd.DataFrame
    reasons: Reasons


def map_records(
    records: Iterable[Record],
    spec: SourceSpec,
    *,
    now: datetime,
    policy: OwnershipPolicy,
    first: int = 0,
    first_row: int = 0,
) -> Mapped:
    """Map records, numbered in the order given. An observation without a time of its own is of `now`.

    `first`, `first_row`: numbers of the first record and row, where these are a part of a pull.
    """
    reasons: Reasons = {}
    told = _observed(records, spec, first, reasons)
    columns, failed = _columns([observation for _, _, observation in told], spec, now)
    numbers = [number for number, _, _ in told]
    for position, reason in failed:
        known = reasons.setdefault(numbers[position], [])
        if reason not in known:
            known.append(reason)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(told)))
    frame = frame.assign(
        record_no=pd.Series(numbers, dtype="int64"),
        row_no=pd.Series(range(first_row, first_row + len(told)), dtype="int64"),
        locator=values.text_column([record.locator for _, record, _ in told]),
        raw=_raw_texts(told),
    )
    frame = resolve_owners(frame, policy)
    return Mapped(frame[list(BATCH_COLUMNS)], reasons)


def _observed(
    records: Iterable[Record], spec: SourceSpec, first: int, reasons: Reasons
) -> list[tuple[int, Record, Observation]]:
    """Return what the records say, with their numbers; add to `reasons` those that say nothing readable."""
    observations = kind_of(spec).observations
    told: list[tuple[int, Record, Observation]] = []
    for number, record in enumerate(records, start=first):
        if record.problem is not None:
            reasons[number] = [Reason(record.problem)]
            continue
        try:
            told += [(number, record, observation) for observation in observations(spec, record)]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reasons[number] = [Reason(f"the record is not what the reader expects: {error!r}")]
    return told


def key_of(record: Record, spec: SourceSpec) -> str | None:
    """Return the key that a record names, also where the rest of it cannot be read."""
    try:
        rows = [observation.fields for observation in observations(spec, record)[:1]]
    except (ValueError, KeyError, TypeError, AttributeError):
        rows = [record.raw]
    try:
        key = keys(rows, spec)
        return str(key.iloc[0]) if key.notna().any() else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def keys(rows: list[dict[str, Any]], spec: SourceSpec) -> pd.Series:
    """Return source keys: the key columns joined by `/`; missing where one of them is."""
    nulls = frozenset((*spec.nulls, ""))
    parts = [
        values.texts(values.draw(rows, FieldSource(column=(name,)), nulls), _PLAIN)[0] for name in spec.key
    ]
    key = parts[0]
    for part in parts[1:]:
        key = key + "/" + part
    return key.where(pd.concat([part.notna() for part in parts], axis=1).all(axis=1))


_PLAIN = FieldSource(column=("key",))


def _columns(
    told: list[Observation], spec: SourceSpec, now: datetime
) -> tuple[dict[str, pd.Series], list[tuple[int, Reason]]]:
    """Return every canonical column, and (row position, reason)."""
    rows = [observation.fields for observation in told]
    sources = {"kind": spec.kind, "status": spec.status, **spec.fields}
    columns = {"source_key": keys(rows, spec)}
    failed: list[tuple[int, Reason]] = []
    for name, source in sources.items():
        columns[name], reasons = _column(name, source, rows, spec)
        failed += [(position, Reason(why, name)) for position, why in sorted(reasons.items())]
    for name in BATCH_COLUMNS:
        if name not in columns:
            empty = pd.Series(pd.NaT, index=range(len(rows)), dtype="datetime64[us, UTC]")
            columns[name] = empty if name in TIME_FIELDS else pd.Series([None] * len(rows), dtype="str")
    failed += _structured(columns)
    columns["valid_at"] = _valid_at(told, columns["source_updated_at"], spec, now)
    columns["actor"] = columns["actor"].fillna(pd.Series([o.actor for o in told], dtype="str"))
    if "target_type" not in spec.fields:
        columns["target_type"] = _target_type(columns["target"])
    return columns, failed


def _structured(columns: dict[str, pd.Series]) -> list[tuple[int, Reason]]:
    """Put scopes, things and targets into their canonical form; return (row position, reason)."""
    failed: list[tuple[int, Reason]] = []
    read = {
        "scopes": read_scopes(columns["scopes"]),
        "thing": read_things(columns["thing_type"], columns["thing"]),
        "targets": read_targets(columns["targets"]),
    }
    for name, (column, reasons) in read.items():
        columns[name] = column
        failed += [(position, Reason(why, name)) for position, why in sorted(reasons.items())]
    return failed


def _column(
    name: str, source: FieldSource, rows: list[dict[str, Any]], spec: SourceSpec
) -> tuple[pd.Series, values.Reasons]:
    drawn = values.draw(rows, source, frozenset((*spec.nulls, "")))
    if name in TIME_FIELDS:
        return values.times(drawn, source.dates or spec.dates, spec.time_zone)
    if name in JSON_FIELDS:
        return values.documents(drawn, source)
    return values.texts(drawn, source)


def _valid_at(told: list[Observation], updated: pd.Series, spec: SourceSpec, now: datetime) -> pd.Series:
    """The reader's own time, else the source's update time; a snapshot without one shows what is true now."""
    own = pd.Series([o.valid_at for o in told], dtype="object")
    at = pd.to_datetime(own, utc=True).dt.as_unit("us").fillna(updated)
    if spec.shape == "event_log":
        return at
    return at.fillna(pd.Timestamp(now.astimezone(UTC)).as_unit("us"))


def _target_type(target: pd.Series) -> pd.Series:
    """Where the source does not say: `process/...` and `procedure/...` are these, all else is a resource."""
    first = target.str.partition("/")[0] if len(target) else target
    known = first.where(first.isin(["process", "procedure"]), "resource")
    return known.where(target.notna()).astype("str")


def _raw_texts(told: list[tuple[int, Record, Observation]]) -> pd.Series:
    return values.text_column([json_text(o.raw if o.raw is not None else r.raw) for _, r, o in told])
