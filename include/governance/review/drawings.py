"""Declarations of the pack's charts in Altair, without their data: layers name the rows they will show."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import altair as alt

INK, MUTED, FAINT, LINE, SIGNAL, TARGET = "#1b2530", "#5d6b7a", "#b9c3cd", "#1d5b94", "#b34700", "#00695c"
WIDTH, HEIGHT = 336, 128

_QUIET: dict[str, Any] = {"labelAngle": 0, "tickSize": 0, "labelPadding": 6}
_LABEL: dict[str, Any] = {"fontSize": 11.5, "color": INK}
_DOT: dict[str, Any] = {"color": LINE, "fill": LINE, "opacity": 1}
_DIAMOND: dict[str, Any] = {
    "shape": "diamond", "color": SIGNAL, "fill": "white", "size": 70, "strokeWidth": 2, "opacity": 1,
}  # fmt: skip


@lru_cache(maxsize=1)
def history() -> dict[str, Any]:
    """Weeks or months: rows, the prior year, the target; above and below are the labelled points."""
    # the name of a period becomes '41' for a week, 'O' for October
    words = "substring(datum.label, 5, 6) == 'W' ? substring(datum.label, 6) : "
    words += "substring('JFMAMJJASOND', +substring(datum.label, 5) - 1, +substring(datum.label, 5))"
    x, y = _x(alt.Axis(labelExpr=words, labelOverlap=False, **_QUIET)), _y()
    return _layers(
        _named("target").mark_rule(color=TARGET, strokeDash=[6, 3], strokeWidth=1.3).encode(y=y),
        _named("prior").mark_line(color=FAINT, strokeWidth=2, strokeDash=[3, 2]).encode(x=x, y=y),
        _named("rows").mark_line(color=LINE, strokeWidth=2).encode(x=x, y=y),
        _named("rows").mark_point(size=20, **_DOT).encode(x=x, y=y),
        _named("above").mark_text(dy=-9, **_LABEL).encode(x=x, y=y, text="text:N"),
        _named("below").mark_text(dy=11, **_LABEL).encode(x=x, y=y, text="text:N"),
    )


@lru_cache(maxsize=1)
def behaviour() -> dict[str, Any]:
    """Process behaviour: rows, mean, limits and their words, signals with the number of their rule."""
    x, y = _x(alt.Axis(labelExpr="'W' + substring(datum.label, 6)", **_QUIET)), _y()
    number = {**_LABEL, "fontWeight": "bold", "color": SIGNAL}
    edge = {**_LABEL, "align": "left", "color": MUTED}
    return _layers(
        _named("limits").mark_rule(color=MUTED, strokeDash=[3, 3]).encode(y=y),
        _named("mean").mark_rule(color=MUTED).encode(y=y),
        _named("rows").mark_line(color=LINE, strokeWidth=1.6).encode(x=x, y=y),
        _named("rows").mark_point(size=14, **_DOT).encode(x=x, y=y),
        _named("signals").mark_point(**_DIAMOND).encode(x=x, y=y),
        _named("signals").mark_text(dy=-13, **number).encode(x=x, y=y, text="rule:N"),
        _named("words").mark_text(dx=5, **edge).encode(x=alt.value(WIDTH), y=y, text="text:N"),
    )


def bars(order: list[str], top: float) -> dict[str, Any]:
    """Horizontal bars with their value behind them, up to `top`."""
    axis = alt.Axis(labelLimit=150, minExtent=130, tickSize=0, labelPadding=6, domain=False, labelColor=INK)
    y = alt.Y("label:N", sort=order, title=None, axis=axis)
    x = alt.X("value:Q", axis=None, scale=alt.Scale(domain=[0, top]))
    words = _named("rows").mark_text(align="left", dx=5, **_LABEL)
    return _layers(
        _named("rows").mark_bar(color=LINE, height=13).encode(x=x, y=y),
        words.encode(x=x, y=y, text="text:N"),
    )


def _x(axis: alt.Axis) -> alt.X:
    return alt.X("x:N", title=None, axis=axis)


def _y() -> alt.Y:
    axis = alt.Axis(tickCount=3, domain=False, tickSize=0, labelPadding=6, gridColor="#e8ecf0", minExtent=36)
    return alt.Y("y:Q", title=None, axis=axis, scale=alt.Scale(nice=False))


def _named(data: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(name=data))


def _layers(*charts: alt.Chart) -> dict[str, Any]:
    spec: dict[str, Any] = alt.layer(*charts).to_dict(validate=False)
    return {"layer": spec["layer"]}
