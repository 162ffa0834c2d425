"""Filters of OpsItems: which operators a key takes, and whether an item fits.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeOpsItems.html (OpsItemFilters)
lists keys and operators; of the keys it does not list (types, people of change requests), Equal is taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.planes import Row

_TIMES = (
    "CreatedTime", "LastModifiedTime", "ActualStartTime", "ActualEndTime", "PlannedStartTime",
    "PlannedEndTime",
)  # fmt: skip
_OPERATORS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_TIMES, ("GreaterThan", "LessThan")),
    **dict.fromkeys(("Source", "Title", "OperationalDataValue", "CreatedBy"), ("Contains", "Equal")),
    "ResourceId": ("Contains",),
}


def fits(row: Row, chosen: Row) -> bool:
    """Tell whether an OpsItem fits a filter: any of its values, compared as its operator says.

    Raises ServiceError for an operator that the key does not take, and for a value that is none.
    """
    key, operator, values = chosen["Key"], chosen["Operator"], chosen["Values"]
    if operator not in _OPERATORS.get(key, ("Equal",)):
        raise _refused(f"the operator {operator} is not supported for the filter {key}")
    if key in _TIMES:
        return any(_compared(row.get(key), operator, _instant(value)) for value in values)
    held = _HELD[key](row) if key in _HELD else [str(row.get(key, ""))]
    if key == "OperationalData":
        values = [_pair(value) for value in values]
    compare: Callable[[str, str], bool] = str.__contains__ if operator == "Contains" else str.__eq__
    return any(compare(one, value) for one in held for value in values)


def _compared(held: datetime | None, operator: str, value: datetime) -> bool:
    if held is None:
        return False
    return held > value if operator == "GreaterThan" else held < value


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _refused(f"{text!r} is not a time written as 2026-11-16T08:00:00Z") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _pair(text: str) -> str:
    """A pair is asked for as `{"key": "key_name", "value": "a_value"}`."""
    try:
        found = json.loads(text)
        return f"{found['key']}\0{found['value']}"
    except (ValueError, KeyError, TypeError):
        words = '{"key":"key_name","value":"a_value"}'
        raise _refused(f"{text!r} is not written as {words}") from None


def _data(row: Row) -> dict[str, Any]:
    """Searchable operational data alone can be searched."""
    held: dict[str, Any] = row.get("OperationalData", {})
    return {key: one["Value"] for key, one in held.items() if one.get("Type") == "SearchableString"}


_HELD: dict[str, Callable[[Row], list[str]]] = {
    "OperationalData": lambda row: [f"{key}\0{value}" for key, value in _data(row).items()],
    "OperationalDataKey": lambda row: list(_data(row)),
    "OperationalDataValue": lambda row: list(_data(row).values()),
    "ResourceId": lambda row: [_data(row).get("/aws/resources", "")],
    "AutomationId": lambda row: [_data(row).get("/aws/automations", "")],
    "OpsItemType": lambda row: [row.get("OpsItemType", "/aws/issue")],
}


def _refused(words: str) -> ServiceError:
    return ServiceError("ValidationException", words)
