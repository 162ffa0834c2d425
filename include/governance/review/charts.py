"""The pack's charts: static SVG, readable without colour.

Altair declares each kind of chart once (`drawings`); for every measure only data, domain and format are
filled in, which is four times faster than declaring it anew. All have one width, so their text has one size.
"""

from __future__ import annotations

import copy
import re
from typing import Any

import altair as alt
import vl_convert

from governance.review import drawings
from governance.review.drawings import FAINT, HEIGHT, MUTED, WIDTH
from governance.review.history import Point
from governance.review.measures import Measure
from governance.review.numbers import axis_format, short
from governance.review.xmr import Rule, Xmr

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
RULES: dict[Rule, str] = {"outside limits": "1", "8 on one side": "2", "3 of 4 near limit": "3"}

Rows = list[dict[str, Any]]


def weeks_and_months(measure: Measure, points: list[Point], target: float | None) -> str:
    """Return the fixed picture: 6 trailing weeks, 12 trailing months, a year before them in grey."""
    panels = [
        _panel(measure, points, kind, count, target, width)
        for kind, count, width in (("week", 6, 132), ("month", 12, 212))
    ]
    return _svg(
        {"hconcat": panels, "spacing": 16, "resolve": {"scale": {"y": "independent"}}}, f"{measure.id}-wm"
    )


def _panel(
    measure: Measure, points: list[Point], kind: str, count: int, target: float | None, width: int
) -> Any:
    now = [p for p in points if p.period.kind == kind][-count:]
    before = [p for p in points if p.period.kind == f"prior {kind}"][-count:]
    rows = [{"x": p.period.name, "y": p.value, "text": short(p.value, measure)} for p in now]
    prior = [{"x": row["x"], "y": p.value} for row, p in zip(rows, before, strict=True)]
    goal = [] if target is None else [{"y": target}]
    data: dict[str, Rows] = {
        "rows": rows,
        "prior": prior,
        "target": goal,
        **_labelled(rows, every=kind == "week"),
    }
    spec = _filled(drawings.history(), data, measure, [*rows, *prior, *goal], zero=True)
    return spec | {"width": width, "height": HEIGHT}


def _labelled(rows: Rows, *, every: bool) -> dict[str, Rows]:
    """Points that carry their value: all weeks; of the months the last, the highest and the lowest.

    A value stands below its point where the line comes down to it, so that line and text do not cross.
    """
    known = [row for row in rows if row["y"] is not None]
    # what stays the same is said once, at its end
    texts = [row["text"] for row in known]
    chosen = [
        row for row, following in zip(known, [*texts[1:], None], strict=False) if row["text"] != following
    ]
    if not every and len(known) > 3:
        extremes = (max(known[:-1], key=_height), min(known[:-1], key=_height))
        chosen = [row for row in known if row is known[-1] or row in extremes]
    floor = max((_height(row) for row in known), default=0.0) * 0.15  # lower than this there is only the axis
    below = [row for row in chosen if _height(row) > floor and _is_valley(known, known.index(row))]
    return {"below": below, "above": [row for row in chosen if row not in below]}


def _height(row: dict[str, Any]) -> float:
    return float(row["y"])


def _is_valley(rows: Rows, place: int) -> bool:
    beside = [_height(row) for row in (*rows[max(place - 1, 0) : place], *rows[place + 1 : place + 2])]
    return bool(beside) and _height(rows[place]) < sum(beside) / len(beside)


def behaviour(measure: Measure, points: list[Point], limits: Xmr | None) -> str:
    """Return the process behaviour chart of the trailing weeks: mean, limits, signals by rule number."""
    rules = [limits.signals.get(place, ()) if limits else () for place in range(len(points))]
    rows = [
        {"x": p.period.name, "y": p.value, "odd": bool(rules[place]), "rule": _first_of_a_run(rules, place)}
        for place, p in enumerate(points)
    ]
    mean = [{"y": limits.mean, "text": f"mean {short(limits.mean, measure)}"}] if limits else []
    edges = [{"y": e, "text": short(e, measure)} for e in (limits.lower, limits.upper)] if limits else []
    data: dict[str, Rows] = {
        "rows": rows,
        "signals": [row for row in rows if row["odd"]],
        "mean": mean,
        "limits": edges,
    }
    data["words"] = _apart([*mean, *edges], [*rows, *edges])
    spec = _filled(drawings.behaviour(), data, measure, [*rows, *edges], zero=False)
    return _svg(spec | {"width": WIDTH, "height": HEIGHT}, f"{measure.id}-xmr")


def _first_of_a_run(rules: list[tuple[Rule, ...]], place: int) -> str:
    """Number of the strongest rule met, where the week before did not meet it already."""
    if not rules[place] or (place and rules[place][0] in rules[place - 1]):
        return ""
    return RULES[rules[place][0]]


def _apart(words: Rows, drawn: Rows) -> Rows:
    """Leave out a label that would stand on the one before it."""
    known = [row["y"] for row in drawn if row["y"] is not None]
    gap = (max(known) - min(known)) * 0.11 if known else 0.0
    kept: Rows = []
    for row in words:
        if all(abs(row["y"] - other["y"]) > gap for other in kept):
            kept.append(row)
    return kept


def bars(name: str, rows: Rows) -> str:
    """Return horizontal bars, their value behind them; rows: {label, value, text}, drawn in that order."""
    top = max((row["value"] for row in rows), default=0) or 1
    spec = drawings.bars([row["label"] for row in rows], top * 1.25)
    for layer in spec["layer"]:
        layer["data"] = {"values": rows}
    return _svg(spec | {"width": 240, "height": 23 * len(rows)}, name)


def _filled(
    template: dict[str, Any], data: dict[str, Rows], measure: Measure, drawn: Rows, *, zero: bool
) -> Any:
    """Return a copy of a template with its data; `drawn` are the rows whose `y` must be in sight."""
    spec = copy.deepcopy(template)
    low, high = _domain([row["y"] for row in drawn if row["y"] is not None], measure, zero=zero)
    order = [row["x"] for row in data["rows"]]
    for layer in spec["layer"]:
        layer["data"] = {"values": data[layer["data"]["name"]]}
        layer["encoding"]["y"]["scale"]["domain"] = [low, high]
        layer["encoding"]["y"]["axis"]["format"] = axis_format(measure, high - low)
        if measure.unit not in ("share", "business hours") and high < 4:  # half a request is none
            layer["encoding"]["y"]["axis"]["values"] = [0, 1, 2, 3]
        if "field" in layer["encoding"].get("x", {}):
            layer["encoding"]["x"]["scale"] = {"domain": order}
            if len(order) > 12:
                layer["encoding"]["x"]["axis"]["values"] = order[1::6]
    return spec


def _domain(known: list[float], measure: Measure, *, zero: bool) -> tuple[float, float]:
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if measure.unit not in ("share", "business hours"):
        high = max(high, 1.0)  # things that are counted have no ticks between 0 and 1
    if zero and not (measure.unit == "share" and low > 0.5):  # a high share is read at its top
        low = 0.0
    room = (high - low) or abs(high) * 0.1 or 1.0
    return max(low - 0.2 * room, 0.0) if low else 0.0, high + 0.2 * room


def _svg(spec: dict[str, Any], name: str) -> str:
    config = {
        "font": FONT, "background": "transparent", "view": {"stroke": None}, "axisX": {"grid": False},
        "axis": {"labelFontSize": 11, "labelColor": MUTED, "domainColor": FAINT},
    }  # fmt: skip
    whole = {
        **spec,
        "$schema": alt.SCHEMA_URL,
        "config": config,
        "padding": {"left": 4, "right": 14, "top": 2, "bottom": 2},
    }
    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    return _for_page(vl_convert.vegalite_to_svg(whole, vl_version=version), name)


def _for_page(svg: str, name: str) -> str:
    """Make ids unique on a page of many charts, and let the picture scale."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", svg)
    opening, rest = svg.split(">", 1)
    opening = re.sub(r' height="[\d.]+"', "", opening).replace(
        ' version="1.1" class="marks"', ' class="chart" role="img"'
    )
    return f"{opening}>{rest}"
