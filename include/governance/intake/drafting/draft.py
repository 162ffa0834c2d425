"""A spec from a sample: read it, look at its columns, suggest a mapping, write it down with the evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from governance.intake.drafting import columns as looking
from governance.intake.drafting import document
from governance.intake.drafting.columns import Column
from governance.intake.drafting.dates import ORDERS, are_aware, order_of
from governance.intake.drafting.desk import Desk, Question
from governance.intake.drafting.reading import Sample
from governance.intake.drafting.suggest import (
    Suggestion,
    suggest_fields,
    suggest_key,
    suggest_kind,
    suggest_status,
)
from governance.intake.questions import ask
from governance.register.request import TIME_FIELDS


@dataclass(frozen=True)
class Draft:
    """A drafted spec. `text` is the file, `open` the questions that nobody answered."""

    text: str
    open: tuple[Question, ...]
    broken: tuple[str, ...]


@dataclass
class _Found:
    """What is known about the sample when the file is written."""

    sample: Sample
    columns: list[Column]
    nulls: dict[str, str]
    key: Suggestion
    history: bool
    kind: Suggestion
    status: Suggestion
    fields: dict[str, Suggestion] = field(default_factory=dict)

    @property
    def used(self) -> set[str]:
        """Columns that have their place."""
        return {s.column for s in (self.key, self.kind, self.status, *self.fields.values()) if s.column}

    def dates_of(self, name: str | None) -> tuple[str, ...]:
        """Formats of a column's dates."""
        found = next((c.dates for c in self.columns if c.name == name), None)
        return found.formats if found and not found.open else ()


def draft(name: str, sample: Sample, desk: Desk, *, modeline: str) -> Draft:
    """Draft the spec `name`; raises GovernanceError for an answer that cannot be one."""
    columns, nulls = looking.profile(sample.rows, sample.columns, desk)
    key, history = suggest_key(columns, desk)
    kind, status = suggest_kind(columns, desk), suggest_status(columns, desk)
    found = _Found(sample, columns, nulls, key, history, kind, status)
    found.fields = suggest_fields(columns, found.used, desk)
    owner = desk.answer_or_ask(Question("owner", "mail address of whoever hears of quarantined records"))
    lines = [
        modeline,
        f"# Drafted from {sample.path.name} ({len(sample.rows)} records). Percentages say how sure it is;",
        f"# what the sample cannot say is marked ASK, and `governance sources check {name}` names it.",
        document.line("name", name),
        document.line("title", desk.given.get("title") or name.replace("_", " ").capitalize()),
        document.line("owner", owner),
        document.line("connection", name, "an Airflow connection of that id says where the source is"),
        document.line("schedule", "@daily"),
        document.line("mode", "shadow", "checked, not loaded; say live when the numbers are right"),
        *_shape(found),
        "",
        *document.mapping("reader", sample.reader, sample.evidence),
        *_times(found, desk),
        "",
        document.line("key", found.key.value, found.key.why),
        *document.mapping("kind", found.kind.value, found.kind.why),
        *document.mapping("status", found.status.value, found.status.why),
        "",
        "fields:",
        *(text for name, one in found.fields.items() for text in _field(name, one, found)),
        *_left_over(found),
    ]  # fmt: skip
    desk.asked.setdefault("title", Question("title", "title for people"))
    desk.refuse_unasked()
    return Draft(document.block(lines), tuple(desk.open), tuple(sample.broken))


def _shape(found: _Found) -> list[str]:
    if not found.history:
        return [document.line("shape", "snapshot", "no key comes twice")]
    if "source_updated_at" in found.fields:
        return [document.line("shape", "event_log", "keys come again, and each row says when it changed")]
    why = "keys come again, but no column says when a row changed"
    return [document.line("shape", ask(f"snapshot or event_log? {why}"))]


def _times(found: _Found, desk: Desk) -> list[str]:
    """Zone, formats and nulls; the evidence for each column of dates stands above them."""
    dated = [column for column in found.columns if column.dates is not None]
    formats = list(dict.fromkeys(f for column in dated if column.dates for f in column.dates.formats))
    if (not dated or are_aware(formats)) and "time_zone" not in desk.given:
        zone, why = "UTC", "every time says its offset" if dated else "the sample holds no times"
    else:
        shown = dated[0].values[0] if dated else "a time"
        question = Question("time_zone", f"on whose clock is {shown} read, such as Europe/Berlin or UTC")
        zone, why = desk.answer_or_ask(question), ""
    lines = [document.line("time_zone", zone, why)]
    lines += [document.comment(f"{c.name}: {_evidence(c)}") for c in dated]
    if any(column.dates.open for column in dated if column.dates):
        lines.append(document.line("dates", [ask(f"{' or '.join(ORDERS)}? Keep the formats that are meant: "
                                                 f"{' '.join(formats)}")]))  # fmt: skip
    else:
        lines.append(document.line("dates", _shared(found, formats)))
    if found.nulls:
        evidence = "; ".join(f"{word}: {why}" for word, why in found.nulls.items())
        lines.append(document.line("nulls", list(found.nulls), evidence))
    return lines


def _evidence(column: Column) -> str:
    assert column.dates is not None  # noqa: S101 (asked of columns of dates only)
    left = f"; no date: {', '.join(column.dates.left[:3])}" if column.dates.left else ""
    return f"{' '.join(column.dates.formats)}, {column.dates.evidence}{left}"


def _shared(found: _Found, formats: list[str]) -> list[str]:
    """Formats of the whole spec: one order only, that of most columns; others are told with their field."""
    orders = [order_of(f) for s in found.fields.values() for f in found.dates_of(s.column)]
    if not all(order in orders for order in ORDERS):
        return formats
    rarer = min(ORDERS, key=orders.count)
    return [f for f in formats if order_of(f) != rarer]


def _field(name: str, suggestion: Suggestion, found: _Found) -> list[str]:
    value: Any = suggestion.value
    every = [f for c in found.columns if c.dates and not c.dates.open for f in c.dates.formats]
    own = found.dates_of(suggestion.column)
    if name in TIME_FIELDS and set(own) - set(_shared(found, list(dict.fromkeys(every)))):
        value = {"column": value, "dates": list(own)}
    return document.mapping(name, value, suggestion.why, indent=2)


def _left_over(found: _Found) -> list[str]:
    left = [column for column in found.columns if column.name not in found.used]
    if not left:
        return []
    return [
        "",
        "# Columns without a place:",
        *(document.comment(f"  {c.name}: {c.sort}, {c.counted}") for c in left),
    ]
