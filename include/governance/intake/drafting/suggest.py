"""Which column is which field: suggested with a confidence, asked where two readings fit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from governance.intake.drafting.columns import Column
from governance.intake.drafting.desk import Desk, Question
from governance.intake.drafting.vocabulary import SURE, VOCABULARY, likeness, word_for
from governance.intake.fields import CHOICES
from governance.intake.questions import ask
from governance.register.request import JSON_FIELDS, KINDS, STATUSES, TIME_FIELDS

NEITHER = "none of them"


@dataclass(frozen=True)
class Suggestion:
    """A value for the spec (a column, or a field source) and why."""

    value: Any
    why: str
    column: str | None = None


def suggest_key(columns: list[Column], desk: Desk) -> tuple[Suggestion, bool]:
    """Return the key, and whether several records may share one: then the sample is a history."""
    named = [(likeness(c.name, VOCABULARY.key), c) for c in columns if c.filled == c.rows]
    unique = sorted([(score, c) for score, c in named if c.is_unique and score], key=lambda one: -one[0])
    best = [c for score, c in unique if score == unique[0][0]]
    if len(best) == 1:
        return Suggestion(best[0].name, f"{unique[0][0]} %: {best[0].counted}", best[0].name), False
    repeated = [c for score, c in named if score == SURE and not c.is_unique]
    if not best and len(repeated) == 1:
        return Suggestion(repeated[0].name, f"{SURE} %: {repeated[0].counted}", repeated[0].name), True
    candidates = tuple(c.name for c in best or [c for c in columns if c.is_unique] or columns)
    answer = desk.answer(Question("key", "which column names a request, and never another", candidates))
    chosen = next((c for c in columns if c.name == answer), None)
    if chosen is None:
        return Suggestion(ask(f"which column names a request ({', '.join(candidates)})"), ""), False
    return Suggestion(chosen.name, f"answered; {chosen.counted}", chosen.name), not chosen.is_unique


def suggest_kind(columns: list[Column], desk: Desk) -> Suggestion:
    """Return the column that says addition, change or exception; where none does, that is asked."""
    for column in columns:
        if likeness(column.name, VOCABULARY.kind) and column.is_closed:
            words = {value: word_for("kind", value) for value in column.distinct}
            if all(words.values()):
                return Suggestion({"column": column.name, "map": words}, "every word is known", column.name)
    question = Question("kind", "what do these records ask for", KINDS)
    return Suggestion(desk.answer_or_ask(question), "")


def suggest_status(columns: list[Column], desk: Desk) -> Suggestion:
    """Return the column of the status with a map of its words; unknown words are asked one by one."""
    column = _one(columns, "status", VOCABULARY.status, desk, must=True)
    if column is None:
        return Suggestion(ask("which column says where a request stands"), "")
    return Suggestion(
        {"column": column.name, "map": _map("status", column, desk)}, column.counted, column.name
    )


def suggest_fields(columns: list[Column], taken: set[str], desk: Desk) -> dict[str, Suggestion]:
    """Return register field -> suggestion; a column fills one field, and the surest take theirs first."""
    found: dict[str, Suggestion] = {}
    free = [column for column in columns if column.name not in taken and column.values]
    for field in sorted(VOCABULARY.fields, key=lambda field: -_best(field, free)):
        fitting = [column for column in free if _may_fill(field, column)]
        column = _one(fitting, field, VOCABULARY.fields[field], desk, must=field == "title")
        if column is None:
            continue
        free.remove(column)
        confidence = likeness(column.name, VOCABULARY.fields[field])
        why = (
            f"{confidence} %: {column.sort}, {column.counted}"
            if confidence
            else f"answered; {column.counted}"
        )
        found[field] = Suggestion(_source(field, column, desk), why, column.name)
    if "title" not in found:
        found["title"] = Suggestion(ask("which column says in a line what is asked for"), "")
    return {field: found[field] for field in VOCABULARY.fields if field in found}


def _best(field: str, columns: list[Column]) -> int:
    known = VOCABULARY.fields[field]
    return max((likeness(c.name, known) for c in columns if _may_fill(field, c)), default=0)


def _may_fill(field: str, column: Column) -> bool:
    """Dates fill times and nothing else; text does not fill JSON."""
    if field in TIME_FIELDS:
        return column.dates is not None
    if field in CHOICES and not column.is_closed:
        return False
    return column.dates is None and column.nested == (field in JSON_FIELDS)


def _one(
    columns: list[Column], field: str, known: tuple[str, ...], desk: Desk, *, must: bool
) -> Column | None:
    """The column whose name fits best; two that fit alike are asked, and so is a must without any."""
    scored = [(likeness(column.name, known), column) for column in columns]
    top = max((score for score, _ in scored), default=0)
    best = [column for score, column in scored if score == top and score]
    if len(best) == 1:
        return best[0]
    if not best and not must:
        return None
    names = tuple(column.name for column in best or columns)
    key = field if field == "status" else f"fields.{field}"
    question = Question(key, f"which column holds {field}", (*names, NEITHER) if not must else names)
    answer = desk.answer(question)
    return next((column for column in columns if column.name == answer), None)


def _source(field: str, column: Column, desk: Desk) -> Any:
    if field in CHOICES:
        if set(column.distinct) <= set(CHOICES[field]):
            return column.name
        return {"column": column.name, "map": _map(field, column, desk)}
    if field == "target" and all(re.fullmatch(r"\d{12}", value) for value in column.values):
        return {"column": column.name, "prefix": "account/"}
    if field in JSON_FIELDS and not column.nested:
        return {"column": column.name, "json": True}
    return column.name


def _map(field: str, column: Column, desk: Desk) -> dict[str, str]:
    """Word of the source -> word of the register; one nobody knows is asked."""
    choices = STATUSES if field == "status" else CHOICES[field]
    return {
        value: word_for(field, value)
        or desk.answer_or_ask(Question(f"{field}.{value}", f"which {field} is {value!r}", choices))
        for value in column.distinct
    }
