"""Numbers as people read them."""

from __future__ import annotations

from governance.review.measures import Measure


def number(value: float | None, measure: Measure) -> str:
    """Write a value with its unit: `92.4 %`, `1,234`, `12.5 h`; what is not known is said so."""
    if value is None:
        return "unknown"
    if measure.unit == "share":
        return f"{_percent(value)} %"
    if measure.unit == "business hours":
        return f"{value:,.1f} h"
    return _count(value)


def plain(value: float, measure: Measure) -> str:
    """Write a number that somebody chose, as they wrote it: `90 %`, `24 h`."""
    units = {"share": " %", "business hours": " h"}
    return f"{value * 100 if measure.unit == 'share' else value:,.10g}{units.get(measure.unit, '')}"


def short(value: float | None, measure: Measure) -> str:
    """Write a value for a label in a chart, where the unit stands elsewhere."""
    if value is None:
        return ""
    if measure.unit == "share":
        return f"{value * 100:.1f}" if 0.99 < value < 1 else f"{value * 100:.0f}"
    if measure.unit == "business hours":
        return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
    return f"{value / 1000:,.1f}k" if value >= 10_000 else _count(value)


def axis_format(measure: Measure, span: float) -> str:
    """Return the d3 format of an axis that covers `span`."""
    if measure.unit == "share":
        return ".0%" if span > 0.04 else ".1%" if span > 0.004 else ".2%"
    return "~s" if span >= 10_000 else ",~f"


def _percent(share: float) -> str:
    """One decimal, two where that would hide that something is missing from 100 %."""
    if share in (0, 1):
        return f"{share * 100:.0f}"
    return f"{share * 100:.2f}" if share > 0.99 else f"{share * 100:.1f}"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) or value >= 100 else f"{value:,.1f}"
