"""The forms in which ServiceNow writes a value, and one form for all of them.

A value comes as text, or as an object with `value`, `display_value` or both, and a `link` where it is a
reference: which of these depends on `sysparm_display_value` and `sysparm_exclude_reference_link`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from governance.intake.records import Raw

SHOWN = ".display_value"
_PARTS = (SHOWN, ".value", ".link")


def flat(row: Raw) -> Raw:
    """Return each column as its raw value, with its other forms as `COLUMN.value` and `COLUMN.display_value`.

    >>> flat({"state": {"value": "-4", "display_value": "Assess"}})
    {'state': '-4', 'state.value': '-4', 'state.display_value': 'Assess'}
    >>> flat({"number": "CHG0030001", "opened_by": {"display_value": "Beth Anglin", "link": "https://..."}})
    {'number': 'CHG0030001', 'opened_by': 'Beth Anglin', 'opened_by.display_value': 'Beth Anglin'}
    """
    found: Raw = {}
    for column, value in row.items():
        found[column] = raw_of(value)
        if isinstance(value, dict):
            forms = {name: value.get(name) for name in ("value", "display_value")}
            found |= {f"{column}.{name}": form for name, form in forms.items() if form not in (None, "")}
    return found


def raw_of(value: Any) -> Any:
    """Return the raw value, else what is shown; other things as they are."""
    if not isinstance(value, dict) or not value.keys() & {"value", "display_value", "link"}:
        return value
    raw = value.get("value")
    return value.get("display_value") if raw is None else raw


def column_of(name: str) -> str:
    """Return the column to ask for: a spec may name a form of it.

    >>> column_of("assigned_to.display_value"), column_of("cmdb_ci.name")
    ('assigned_to', 'cmdb_ci.name')
    """
    for part in _PARTS:
        name = name.removesuffix(part)
    return name


def instant(text: Any) -> datetime | None:
    """Return the instant of a raw time: they are UTC, whatever the user's zone."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def written(at: datetime) -> str:
    """Return an instant as queries want it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
