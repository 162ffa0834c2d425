"""From a source's own records to a canonical batch, column by column; what does not fit becomes a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from governance.intake.dates import parse
from governance.intake.owners import owners
from governance.intake.records import Record, json_text
from governance.intake.spec import FieldMapping, SourceSpec
from governance.intake.values import as_text, cleaned, first, object_text, reach, scopes_text, unpacked, words
from governance.register.ownership import OwnershipPolicy
from governance.register.request import BATCH_COLUMNS, JSON_FIELDS, TEXT_FIELDS, TIME_FIELDS

KIND_FIELDS = {
    "exception": ("category", "scopes", "valid_from", "valid_until", "compensating_controls", "renewal_of"),
    "change": ("window_start", "window_end", "runbook", "targets"),
    "addition": ("thing_type", "thing"),
}


@dataclass(frozen=True)
class Reason:
    """Why a record cannot be loaded: the rule, the column, what was found, and words for a person."""

    expectation: str
    column: str
    found: str
    words: str


@dataclass
class Mapped:
    """A canonical batch, and the reasons found on the way, by `record_no`.

    Records that could not be read have reasons and no row.
    """

    records: list[Record]
    frame: pd.DataFrame
    reasons: dict[int, list[Reason]] = field(default_factory=dict)

    def refuse(self, record_no: int, reason: Reason) -> None:
        """Note a reason once."""
        known = self.reasons.setdefault(record_no, [])
        if reason not in known:
            known.append(reason)

    def refuse_further(self, record_no: int, reason: Reason) -> None:
        """Note a reason of the gate, unless the mapping already said what is wrong with that column."""
        if reason.column not in {known.column for known in self.reasons.get(record_no, [])}:
            self.refuse(record_no, reason)


def to_batch(spec: SourceSpec, records: Iterable[Record], policy: OwnershipPolicy, now: datetime) -> Mapped:
    """Map records to a canonical batch (columns: `request.BATCH_COLUMNS`)."""
    mapped = Mapped(list(records), pd.DataFrame())
    table = _Table.of(mapped.records)
    for number, record in enumerate(mapped.records):
        if record.problem:
            mapped.refuse(number, Reason("readable", "", record.locator, record.problem))
    mapped.frame = _Columns(spec, mapped, table, now).build(policy)
    return mapped


@dataclass(frozen=True)
class _Table:
    """All observations side by side."""

    record_no: list[int]
    locator: list[str]
    values: list[dict[str, Any]]
    at: list[str | None]
    actor: list[str | None]

    @classmethod
    def of(cls, records: list[Record]) -> _Table:
        rows = [
            (number, record.locator, seen.values, seen.at, seen.actor)
            for number, record in enumerate(records)
            for seen in record.observations
        ]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
        return cls(*columns)


class _Columns:
    """Builds the columns of one batch."""

    def __init__(self, spec: SourceSpec, mapped: Mapped, table: _Table, now: datetime) -> None:
        self.spec, self.mapped, self.table, self.now = spec, mapped, table, now

    def build(self, policy: OwnershipPolicy) -> pd.DataFrame:
        table = self.table
        columns: dict[str, Any] = {
            "record_no": table.record_no,
            "row_no": range(len(table.record_no)),
            "locator": table.locator,
            "source_key": self.text("source_key", self.spec.key),
            "kind": self.kind(),
            "status": self.status(),
            "actor": self.actor(),
            "raw": [json_text(values) for values in table.values],
        }
        for name, mapping in self.spec.fields.items():
            columns[name] = self.column(name, mapping)
        frame = pd.DataFrame(columns).reindex(columns=list(BATCH_COLUMNS))
        frame = self._timed(frame)
        for kind, fields in KIND_FIELDS.items():
            frame.loc[frame["kind"] != kind, list(fields)] = None
        frame["owner"], frame["owner_rule"] = owners(frame, policy)
        return _typed(frame)

    def _timed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Say when each observation was true: as the source says, else now."""
        said: list[Any] = self.table.at
        if self.spec.updated_at:
            said = [
                at or reach(v, self.spec.updated_at) for at, v in zip(said, self.table.values, strict=True)
            ]
        times = self.times("valid_at", pd.Series(self.clean(said), dtype=object), self.spec.date_formats)
        frame["source_updated_at"] = times
        frame["valid_at"] = times.fillna(pd.Timestamp(self.now))
        return frame

    def column(self, name: str, mapping: FieldMapping) -> Any:
        if name in TIME_FIELDS:
            formats = mapping.date_formats or self.spec.date_formats
            return self.times(name, pd.Series(self.values(mapping), dtype=object), formats)
        if name in JSON_FIELDS:
            return self.objects(name, mapping)
        return self.text(name, mapping)

    def values(self, mapping: FieldMapping) -> list[Any]:
        """Raw values of a mapping, cleaned of white space and of the source's words for nothing."""
        if mapping.source is None:
            return [mapping.constant] * len(self.table.values)
        sources = (mapping.source,) if isinstance(mapping.source, str) else mapping.source
        return self.clean([first(values, sources, self.spec) for values in self.table.values])

    def clean(self, values: list[Any]) -> list[Any]:
        return [cleaned(value, self.spec) for value in values]

    def text(self, name: str, mapping: FieldMapping) -> list[str | None]:
        values = [None if value is None else as_text(value) for value in self.values(mapping)]
        if mapping.map is not None:
            values = self.translated(name, values, mapping.map)
        return [None if value is None else mapping.prefix + value for value in values]

    def translated(self, name: str, values: list[Any], meanings: dict[str, Any]) -> list[Any]:
        known = {word.casefold(): meaning for word, meaning in meanings.items()}
        return [
            value if value is None else self.checked(row, name, value, known.get(value.casefold()), meanings)
            for row, value in enumerate(values)
        ]

    def checked(self, row: int, name: str, found: str, meaning: Any, allowed: Iterable[str]) -> Any:
        if meaning is None:
            expected = ", ".join(sorted(allowed))
            self.refuse(
                row, "known_word", name, found, f"{name}: found {found!r}, expected one of {expected}"
            )
        return meaning

    def kind(self) -> list[str | None]:
        kind = self.spec.kind
        if isinstance(kind, str):
            return [kind] * len(self.table.values)
        mapping = FieldMapping(source=kind.source, map=dict(kind.map))
        return self.required("kind", self.text("kind", mapping))

    def status(self) -> list[str | None]:
        status = self.spec.status
        found = self.text("status", FieldMapping(source=status.source, map=dict(status.map)))
        if status.missing is None:
            return self.required("status", found)
        said = self.text("status", FieldMapping(source=status.source))
        return [status.missing if raw is None else value for raw, value in zip(said, found, strict=True)]

    def required(self, name: str, values: list[str | None]) -> list[str | None]:
        for row, value in enumerate(values):
            if value is None and not self.refused(row, name):
                self.refuse(row, "present", name, "nothing", f"{name}: found nothing, expected a value")
        return values

    def refused(self, row: int, name: str) -> bool:
        reasons = self.mapped.reasons.get(self.table.record_no[row], [])
        return any(reason.column == name for reason in reasons)

    def actor(self) -> list[str | None]:
        if self.spec.actor is None:
            return list(self.table.actor)
        named = self.text("actor", FieldMapping(source=self.spec.actor))
        return [own or other for own, other in zip(self.table.actor, named, strict=True)]

    def times(self, name: str, values: pd.Series, formats: tuple[str, ...]) -> pd.Series:
        parsed = parse(values, formats, self.spec.zone)
        wrong = values.notna() & parsed.isna()
        for row in values.index[wrong]:
            expected = " or ".join(formats)
            why = f"{name}: found {str(values[row])!r}, expected {expected} in {self.spec.timezone}"
            self.refuse(int(row), "declared_date_format", name, str(values[row]), why)
        return parsed

    def objects(self, name: str, mapping: FieldMapping) -> list[str | None]:
        read = scopes_text if name == "scopes" else object_text
        found = []
        for row, value in enumerate(self.values(mapping)):
            try:
                found.append(None if value is None else read(unpacked(value, mapping)))
            except ValueError as error:
                found.append(None)
                self.refuse(row, "well_formed", name, as_text(value)[:200], f"{name}: {words(error)}")
        return found

    def refuse(self, row: int, expectation: str, column: str, found: str, why: str) -> None:
        self.mapped.refuse(self.table.record_no[row], Reason(expectation, column, found, why))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give every column the type that a canonical batch has."""
    texts = ("locator", "source_key", "kind", "status", "actor", "raw", *TEXT_FIELDS, *JSON_FIELDS)
    times = (*TIME_FIELDS, "valid_at")
    return frame.assign(
        **{name: frame[name].astype("str").where(frame[name].notna()) for name in texts},
        **{name: pd.to_datetime(frame[name], utc=True).dt.as_unit("us") for name in times},
    )
