"""From a record and its audit trail to what was true at each change: states are walked backwards.

Without a trail a record says what is true since its last update, and nothing about the time before.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import groupby
from typing import Any

from governance.intake.readers.servicenow.reader import AUDIT
from governance.intake.readers.servicenow.values import flat, instant, raw_of, written
from governance.intake.records import Observation, Raw


def observations(row: Raw, decided: Collection[str], url: str | None) -> list[Observation]:
    """Return what a record tells, oldest first. `decided` are times that nobody knew before."""
    now = {name: value for name, value in row.items() if name != AUDIT}
    changes = _changes(row)
    updated, created = _required(now, "sys_updated_on"), _required(now, "sys_created_on")
    if not changes:
        return [_observation(now, updated, raw_of(now.get("sys_updated_by")), None, (), url)]
    seen: list[Observation] = []
    known = {
        (name, str(raw_of(value))): value for name, value in now.items() if raw_of(value) not in (None, "")
    }
    for at, who, entries in reversed(changes):
        seen.append(_observation(now, at, who, entries, decided, url))
        for entry in reversed(entries):
            name, old = str(entry["fieldname"]), entry.get("oldvalue")
            kept = {other: value for other, value in now.items() if not other.startswith(f"{name}.")}
            now = {**kept, name: known.get((name, str(old)), old or None)}
    if created < changes[0][0]:
        seen.append(_observation(now, created, raw_of(now.get("sys_created_by")), None, decided, url))
    return seen[::-1]


def _changes(row: Raw) -> list[tuple[datetime, str | None, list[Raw]]]:
    """What was changed at once by one person, oldest first."""
    entries = [{name: raw_of(value) for name, value in entry.items()} for entry in row.get(AUDIT) or ()]
    dated = sorted(entries, key=lambda e: (str(e.get("sys_created_on")), str(e.get("sys_id"))))
    groups = groupby(dated, key=lambda e: (_required(e, "sys_created_on"), e.get("user") or None))
    return [(at, who, list(found)) for (at, who), found in groups]


def _observation(
    state: Raw,
    at: datetime,
    who: Any,
    entries: list[Raw] | None,
    decided: Collection[str],
    url: str | None,
) -> Observation:
    raw: Raw = {**state, "sys_updated_on": written(at), "sys_updated_by": who}
    for name in decided:
        known = instant(raw_of(raw.get(name)))
        if known is not None and known > at:
            raw[name] = None
    if entries is not None:
        raw["history"] = [
            {name: entry.get(name) for name in ("sys_id", "fieldname", "oldvalue", "newvalue")}
            for entry in entries
        ]
    fields = {name: value for name, value in raw.items() if name != "history"}
    return Observation({**flat(fields), "@url": url}, at, who or None, raw)


def _required(row: Raw, name: str) -> datetime:
    at = instant(raw_of(row.get(name)))
    if at is None:
        raise ValueError(f"{name} is {raw_of(row.get(name))!r}, expected YYYY-MM-DD hh:mm:ss in UTC")
    return at
