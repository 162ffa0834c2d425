"""What a section of the pack consists of: cards, pictures and tables, all of it text already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from governance.review import charts
from governance.review.cards import Card
from governance.review.kpis import Kpi


@dataclass(frozen=True)
class Table:
    """A table; `numeric` are the columns aligned to the right. `empty` is said where there are no rows."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numeric: tuple[int, ...] = ()
    empty: str = "Nothing."
    note: str = ""

    @property
    def narrow(self) -> bool:
        """Two of them fit beside each other."""
        return len(self.head) < 3


@dataclass(frozen=True)
class Picture:
    """A drawing with its title and what it does not show."""

    title: str
    svg: Markup | None
    note: str = ""


@dataclass(frozen=True)
class Section:
    """One page of the pack."""

    id: str
    title: str
    lead: str
    cards: list[Card] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    more: tuple[str, str] | None = None
    """A page that says more: its address beside the pack, and its title."""


def bars(name: str, title: str, rows: list[tuple[str, float | None]], note: str = "") -> Picture:
    """Return horizontal bars of (label, value); unknown values are left out, and a note may say so."""
    known = [(label, value) for label, value in rows if value is not None]
    if not any(value for _, value in known):
        return Picture(title, None, "Nothing to show yet.")
    drawn = [{"label": label, "value": value, "text": f"{value:,.0f}"} for label, value in known]
    return Picture(title, Markup(charts.bars(name, drawn)), note)  # noqa: S704 (labels are our own vocabulary)


def share(kpi: Kpi | None) -> str:
    """Write a share: `92.4 %`, or that it is unknown."""
    return "unknown" if kpi is None or kpi.value is None else f"{kpi.value * 100:.1f} %"


def hours(kpi: Kpi) -> str:
    """Write hours: `12.5 h`, or that they are unknown."""
    return "unknown" if kpi.value is None else f"{kpi.value:,.1f} h"


def count(kpi: Kpi | None) -> str:
    """Write a count: `1,234`, or that it is unknown."""
    return "unknown" if kpi is None or kpi.value is None else f"{kpi.value:,.0f}"


def day(instant: datetime | None) -> str:
    """Write a day: `16 Nov 2026`, or that it is unknown."""
    return "unknown" if instant is None else f"{instant.day} {instant:%b %Y}"
