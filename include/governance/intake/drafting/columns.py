"""What each column of a sample holds: dates, words of a closed set, JSON; and what stands for nothing."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from governance.intake.drafting.dates import ORDERS, Dates, order_of, read_dates
from governance.intake.drafting.desk import EMAIL, Desk, Question
from governance.intake.drafting.vocabulary import NULLS

FEW = 12
"""A column with at most so many different values may be one of words of a closed set."""


@dataclass(frozen=True)
class Column:
    """One column. `values` are its texts without nulls; `filled` of `rows` rows hold something."""

    name: str
    rows: int
    values: tuple[str, ...]
    dates: Dates | None = None
    nested: bool = False

    @property
    def filled(self) -> int:
        """Rows that hold something."""
        return len(self.values)

    @property
    def distinct(self) -> tuple[str, ...]:
        """Different values, the most frequent first."""
        return tuple(value for value, _ in Counter(self.values).most_common())

    @property
    def is_unique(self) -> bool:
        """Whether every row holds a value of its own."""
        return self.filled == self.rows == len(self.distinct)

    @property
    def is_closed(self) -> bool:
        """Whether it looks like words of a closed set rather than free text."""
        return 0 < len(self.distinct) <= FEW and max(map(len, self.distinct)) <= 40

    @property
    def sort(self) -> str:
        """What it holds, in a word or two."""
        if not self.values:
            return "empty"
        if self.dates is not None:
            return "dates"
        if self.nested or all(_is_json(value) for value in self.values):
            return "JSON"
        if all(EMAIL.fullmatch(value) for value in self.values):
            return "mail addresses"
        if all(re.fullmatch(r"-?\d+([.,]\d+)?", value) for value in self.values):
            return "numbers"
        return f"{len(self.distinct)} words" if self.is_closed and not self.is_unique else "text"

    @property
    def counted(self) -> str:
        """`12 of 14 filled, all different`."""
        different = (
            "all different" if len(self.distinct) == self.filled else f"{len(self.distinct)} different"
        )
        return f"{self.filled} of {self.rows} filled, {different}"


def _is_json(value: str) -> bool:
    try:
        return value[:1] in "[{" and isinstance(json.loads(value), (dict, list))
    except ValueError:
        return False


def profile(
    rows: list[dict[str, Any]], names: Iterable[str], desk: Desk
) -> tuple[list[Column], dict[str, str]]:
    """Return the columns, and the words that stand for nothing with the evidence for each."""
    columns = [_column(rows, name) for name in names]
    nulls = _nulls(columns, desk)
    columns = [
        replace(column, values=tuple(value for value in column.values if value not in nulls))
        for column in columns
    ]
    columns = [replace(c, dates=None if c.nested else read_dates(c.values)) for c in columns]
    return _in_one_order(columns, desk), nulls


def _column(rows: list[dict[str, Any]], name: str) -> Column:
    found = [row[name] for row in rows if row.get(name) not in (None, "", [], {})]
    nested = any(isinstance(value, (list, dict)) for value in found)
    texts = (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in found)
    return Column(name, len(rows), tuple(text.strip() for text in texts if text.strip()), nested=nested)


def _nulls(columns: list[Column], desk: Desk) -> dict[str, str]:
    """Words for nothing: sure among dates, numbers or addresses, and without a letter; else asked."""
    nulls: dict[str, str] = {}
    for column in columns:
        for word in column.distinct:
            if word.casefold() not in NULLS or word in nulls:
                continue
            rest = replace(
                column, values=tuple(value for value in column.values if value not in (word, *nulls))
            )
            strict = read_dates(rest.values) is not None or rest.sort in ("numbers", "mail addresses")
            if strict or not any(map(str.isalnum, word)):
                nulls[word] = f"{column.values.count(word)} of {column.rows} in {column.name}"
            elif _means_nothing(word, column, desk):
                nulls[word] = "answered"
    return nulls


def _means_nothing(word: str, column: Column, desk: Desk) -> bool:
    words = f"column {column.name} says {word!r} {column.values.count(word)} times: does that mean nothing"
    return desk.answer(Question(f"null.{word}", words, ("yes", "no"))) == "yes"


def _in_one_order(columns: list[Column], desk: Desk) -> list[Column]:
    """Settle columns that fit both orders: by the other columns of the sample, else by asking once."""
    doubtful = [c for c in columns if c.dates is not None and c.dates.open]
    if not doubtful:
        return columns
    mixed = [c for c in doubtful if "both orders occur" in (c.dates.evidence if c.dates else "")]
    order, evidence = _order_of_others(columns) if not mixed else (None, "")
    if order is None:
        shown = (mixed or doubtful)[0]
        why = shown.dates.evidence if shown.dates else ""
        answer = desk.answer(Question("dates", f"dates of {shown.name}: {why}: which is meant", ORDERS))
        order, evidence = answer, "answered"
    if order is None:
        return columns
    settled = {c.name: c.dates.in_order(order, f"{order}: {evidence}") for c in doubtful if c.dates}
    return [replace(c, dates=settled.get(c.name, c.dates)) for c in columns]


def _order_of_others(columns: list[Column]) -> tuple[str | None, str]:
    """The order of columns whose values leave no doubt; None where there are none, or they disagree."""
    told = {
        order: column.name
        for column in columns
        if column.dates is not None and not column.dates.open
        for pattern in column.dates.formats
        if (order := order_of(pattern)) is not None
    }
    if len(told) != 1:
        return None, ""
    order, name = next(iter(told.items()))
    return order, f"as in column {name}, where only that fits"
