"""From records to a canonical batch, and a reason for everything that could not be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from governance.intake import drawing, told, values
from governance.intake.blocks import Block
from governance.intake.columns import text_column
from governance.intake.fields import FieldSource
from governance.intake.owners import resolve_owners
from governance.intake.readers.registry import observations
from governance.intake.records import Record
from governance.intake.scopes import read_scopes
from governance.intake.spec import SourceSpec
from governance.intake.things import read_targets, read_things
from governance.quality.reasons import Reason, Reasons
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
    said = told.of_block(records, first) if isinstance(records, Block) else None
    said = said or told.of_records(records, spec, first, reasons)
    columns, failed = _columns(said, spec, now)
    for position, reason in failed:
        known = reasons.setdefault(said.numbers[position], [])
        if reason not in known:
            known.append(reason)
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(said.rows)))
    frame = frame.assign(
        record_no=pd.Series(said.numbers, dtype="int64"),
        row_no=pd.Series(range(first_row, first_row + len(said.rows)), dtype="int64"),
        locator=text_column(said.locators),
        raw=said.raws,
    )
    frame = resolve_owners(frame, policy)
    return Mapped(frame[list(BATCH_COLUMNS)], reasons)


def key_of(record: Record, spec: SourceSpec) -> str | None:
    """Return the key that a record names, also where the rest of it cannot be read."""
    try:
        rows = [observation.fields for observation in observations(spec, record)[:1]]
    except (ValueError, KeyError, TypeError, AttributeError):
        rows = [record.raw]
    try:
        parts = [values.text_of(drawn[0]) for drawn in _key_columns(drawing.Told(rows), spec)] if rows else []
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return "/".join(part for part in parts if part is not None) if parts and None not in parts else None


def _key_columns(rows: drawing.Rows, spec: SourceSpec) -> list[drawing.Drawn]:
    nulls = frozenset((*spec.nulls, ""))
    return [drawing.draw(rows, FieldSource(column=(name,)), nulls) for name in spec.key]


def keys(rows: drawing.Rows, spec: SourceSpec) -> pd.Series:
    """Return source keys: the key columns joined by `/`; missing where one of them is."""
    parts = [values.texts(drawn, _PLAIN)[0] for drawn in _key_columns(rows, spec)]
    key = parts[0]
    for part in parts[1:]:
        key = key + "/" + part
    return key.where(pd.concat([part.notna() for part in parts], axis=1).all(axis=1))


_PLAIN = FieldSource(column=("key",))


def _columns(
    said: told.Said, spec: SourceSpec, now: datetime
) -> tuple[dict[str, pd.Series], list[tuple[int, Reason]]]:
    """Return every canonical column, and (row position, reason)."""
    rows = said.rows
    sources = {"kind": spec.kind, "status": spec.status, **spec.fields}
    columns = {"source_key": keys(rows, spec)}
    failed: list[tuple[int, Reason]] = []
    for name, source in sources.items():
        columns[name], reasons = _column(name, source, rows, spec)
        failed += [(position, Reason(why, name)) for position, why in sorted(reasons.items())]
    no_time = pd.Series(pd.NaT, index=range(len(rows)), dtype="datetime64[us, UTC]")
    no_text = text_column([None] * len(rows))
    for name in BATCH_COLUMNS:
        if name not in columns:
            columns[name] = no_time if name in TIME_FIELDS else no_text
    failed += _structured(columns)
    columns["valid_at"] = _valid_at(said, columns["source_updated_at"], spec, now)
    if said.actors is not None:
        columns["actor"] = columns["actor"].fillna(pd.Series(said.actors, dtype="str"))
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
    name: str, source: FieldSource, rows: drawing.Rows, spec: SourceSpec
) -> tuple[pd.Series, values.Reasons]:
    drawn = drawing.draw(rows, source, frozenset((*spec.nulls, "")))
    if name in TIME_FIELDS:
        return values.times(drawn, source.dates or spec.dates, spec.time_zone)
    if name in JSON_FIELDS:
        return values.documents(drawn, source)
    return values.texts(drawn, source)


def _valid_at(said: told.Said, updated: pd.Series, spec: SourceSpec, now: datetime) -> pd.Series:
    """The reader's own time, else the source's update time; a snapshot without one shows what is true now."""
    at = updated
    if said.instants is not None:
        own = pd.Series(list(said.instants), dtype="object")
        at = pd.to_datetime(own, utc=True).dt.as_unit("us").fillna(updated)
    if spec.shape == "event_log":
        return at
    return at.fillna(pd.Timestamp(now.astimezone(UTC)).as_unit("us"))


def _target_type(target: pd.Series) -> pd.Series:
    """Where the source does not say: `process/...` and `procedure/...` are these, all else is a resource."""
    known = pd.Series("resource", index=target.index, dtype="str")
    for kind in ("process", "procedure"):
        known = known.mask((target == kind) | target.str.startswith(f"{kind}/", na=False), kind)
    return known.where(target.notna()).astype("str")
