"""The part of ServiceNow's encoded queries that intake speaks.

    assignment_group=abc^sys_updated_on>=2026-03-01 10:00:00^ORstate=3^ORDERBYsys_updated_on^ORDERBYsys_id

Conditions are joined by `^`; `^OR` joins a condition to the one before it, and binds tighter.
https://www.servicenow.com/docs/bundle/zurich-platform-user-interface/page/use/using-lists/concept/c_EncodedQueryStrings.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

_CONDITION = re.compile(r"([a-z][a-z0-9_.]*)(>=|<=|!=|=|>|<|IN|LIKE)(.*)", re.DOTALL)


def select(query: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows that fit, in the order asked for; raises ValueError for what is not understood."""
    parts = [part for part in query.split("^") if part]
    order = [part for part in parts if part.startswith("ORDERBY")]
    groups: list[list[str]] = []
    for part in parts:
        if part.startswith("ORDERBY"):
            continue
        if part.startswith("OR") and groups:
            groups[-1].append(part.removeprefix("OR"))
        else:
            groups.append([part])
    found = [row for row in rows if all(any(_fits(row, one) for one in group) for group in groups)]
    for part in reversed(order):
        descending = part.startswith("ORDERBYDESC")
        column = part.removeprefix("ORDERBYDESC" if descending else "ORDERBY")
        found.sort(key=lambda row, name=column: _value(row, name), reverse=descending)  # type: ignore[misc]
    return found


def _fits(row: Row, condition: str) -> bool:
    found = _CONDITION.fullmatch(condition)
    if found is None:
        raise ValueError(f"Invalid query: {condition!r}")
    value, sign, wanted = _value(row, found[1]), found[2], found[3]
    if sign == "IN":
        return value in wanted.split(",")
    return {
        "=": value == wanted, "!=": value != wanted, ">=": value >= wanted, "<=": value <= wanted,
        ">": value > wanted, "<": value < wanted, "LIKE": wanted in value,
    }[sign]  # fmt: skip


def _value(row: Row, column: str) -> str:
    value = row.get(column, "")
    return str(value.get("value") if isinstance(value, dict) else value)
