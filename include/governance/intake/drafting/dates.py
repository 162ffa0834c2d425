"""How dates are written: the formats that fit, and the evidence for day-first or month-first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import product

_DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d %b %Y", "%d-%b-%Y", "%d %B %Y",
    "%b %d, %Y", "%B %d, %Y",
)  # fmt: skip
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_FORMATS = (
    *_DAYS,
    *("".join(parts) for parts in product(_DAYS, " T", _CLOCKS, ("", "%z", " %z"))),
)
ENOUGH = 0.8
"""Share of a column's values that must be dates for the column to be one of dates."""
ORDERS = ("day-first", "month-first")


@dataclass(frozen=True)
class Dates:
    """A column of dates. `open` holds the two orders of which the sample does not tell one."""

    formats: tuple[str, ...]
    evidence: str
    left: tuple[str, ...] = ()
    """Values that no format fits."""
    open: bool = False

    def in_order(self, order: str, evidence: str) -> Dates:
        """Return the same, with the order settled."""
        kept = tuple(f for f in self.formats if order_of(f) in (None, order))
        return Dates(kept, evidence, self.left)


def order_of(pattern: str) -> str | None:
    """Return day-first or month-first of a format that could be mistaken, None of one that cannot.

    >>> order_of("%d/%m/%Y"), order_of("%m/%d/%Y"), order_of("%Y-%m-%d"), order_of("%d.%m.%Y")
    ('day-first', 'month-first', None, None)
    """
    if re.match(r"%d[/-]%m[/-]%[yY]", pattern):
        return "day-first"
    return "month-first" if re.match(r"%m[/-]%d[/-]%[yY]", pattern) else None


_PARTS = {
    "%Y": r"\d{4}", "%y": r"\d{2}", "%m": r"\d{1,2}", "%d": r"\d{1,2}", "%b": r"[^\W\d_]{3,4}",
    "%B": r"[^\W\d_]{3,}",
    "%H": r"\d{1,2}", "%I": r"\d{1,2}", "%M": r"\d{1,2}", "%S": r"\d{1,2}", "%f": r"\d{1,6}",
    "%p": "[AaPp][Mm]", "%z": r"(?:Z|[+-]\d{2}:?\d{2})",
}  # fmt: skip


@cache
def _shape(pattern: str) -> re.Pattern[str]:
    """What a date written so looks like: `strptime` is asked only about texts that look right."""
    return re.compile(re.sub(r"%\w|\.", lambda part: _PARTS.get(part[0], r"\."), pattern))


def fits(text: str, pattern: str) -> bool:
    """Tell whether a text is a date written so."""
    if _shape(pattern).fullmatch(text) is None:
        return False
    try:
        datetime.strptime(text, pattern)  # noqa: DTZ007 (only whether it fits)
    except ValueError:
        return False
    return True


def read_dates(values: Sequence[str]) -> Dates | None:
    """Return how the dates of a column are written, None where it is no column of dates."""
    distinct = list(dict.fromkeys(values))
    likely = [text for text in distinct if re.search(r"\d", text) and re.search(r"[-/.: ]", text)]
    fitting: dict[str, set[str]] = {text: set() for text in likely}
    for pattern in _FORMATS:  # a format at a time: strptime remembers only a few
        for text in likely:
            if fits(text, pattern):
                fitting[text].add(pattern)
    fitting = {text: patterns for text, patterns in fitting.items() if patterns}
    if not distinct or len(fitting) < ENOUGH * len(distinct):
        return None
    left = tuple(text for text in distinct if text not in fitting)
    return _settled(fitting, left)


def _settled(fitting: dict[str, set[str]], left: tuple[str, ...]) -> Dates:
    """Choose the order that fits every value; where both do, it stays open."""
    doubtful = {text for text, patterns in fitting.items() if any(map(order_of, patterns))}
    if not doubtful:
        return Dates(_cover(fitting), "written unmistakably", left)
    only = {
        order: [t for t in doubtful if not any(order_of(p) == other for p in fitting[t])]
        for order, other in (ORDERS, ORDERS[::-1])
    }
    if only["day-first"] and only["month-first"]:
        both = f"{only['day-first'][0]} is day-first, {only['month-first'][0]} is month-first"
        return Dates(_cover(fitting), f"both orders occur: {both}", left, open=True)
    for order in ORDERS:
        if only[order]:
            shown = sorted(only[order], key=list(fitting).index)[0]
            evidence = f"{order}: {shown} cannot be read the other way ({len(only[order])} such)"
            return Dates(_cover(_of_order(fitting, order)), evidence, left)
    shown = ", ".join(list(doubtful)[:1] if len(doubtful) == 1 else sorted(doubtful)[:2])
    formats = (*_cover(_of_order(fitting, ORDERS[0])), *_cover(_of_order(fitting, ORDERS[1])))
    return Dates(
        tuple(dict.fromkeys(formats)), f"both orders fit all values, such as {shown}", left, open=True
    )


def _of_order(fitting: dict[str, set[str]], order: str) -> dict[str, set[str]]:
    return {text: {p for p in patterns if order_of(p) in (None, order)} for text, patterns in fitting.items()}


def _cover(fitting: dict[str, set[str]]) -> tuple[str, ...]:
    """The fewest formats that fit every value, the one that fits most first."""
    chosen: list[str] = []
    open_texts = {text for text, patterns in fitting.items() if patterns}
    while open_texts:
        counts = {p: sum(p in fitting[t] for t in open_texts) for p in _FORMATS}
        best = max(_FORMATS, key=lambda p: counts[p])
        chosen.append(best)
        open_texts -= {text for text in open_texts if best in fitting[text]}
    return tuple(chosen)


def are_aware(patterns: Iterable[str]) -> bool:
    """Tell whether every format reads an offset."""
    return all("%z" in pattern for pattern in patterns)
