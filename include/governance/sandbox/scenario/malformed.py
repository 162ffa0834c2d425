"""Records that are wrong on purpose: each must end in quarantine, alone, and nothing else with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from governance.sandbox.scenario.landing_zone import Row
from governance.sandbox.scenario.model import CSV, JIRA, YAML, Planted

Record = dict[str, Any]

JIRA_DEFECTS: dict[str, tuple[str, Callable[[Record], None]]] = {
    "unknown-status": (
        "status Parked is none of ours",
        lambda i: i["fields"]["status"].update(name="Parked"),
    ),
    "window-backwards": (
        "the window ends before it starts",
        lambda i: i["fields"].update(
            customfield_10017="2026-04-20T22:00:00.000+0200", customfield_10018="2026-04-20T20:00:00.000+0200"
        ),
    ),
    "no-title": ("the summary is empty", lambda i: i["fields"].update(summary=None)),
    "unknown-risk": (
        "risk level Catastrophic does not exist",
        lambda i: i["fields"].update(customfield_10011={"value": "Catastrophic"}),
    ),
    "thing-not-json": (
        "the thing is prose, not JSON",
        lambda i: i["fields"].update(customfield_10021="{'rule': ebs-snapshot, 'ou': Sandbox"),
    ),
}
CSV_DEFECTS: dict[str, tuple[str, Callable[[Row], None]]] = {
    "month-first": (
        "14 is no month: the date is month-first",
        lambda r: r.update(Submitted="03/14/2026 09:30"),
    ),
    "unknown-state": ("state Parked is none of ours", lambda r: r.update(State="Parked")),
    "item-not-json": ("the item is cut off", lambda r: r.update(Item='{"name": "checkout-')),
    "unknown-criticality": (
        "criticality 5-Extreme does not exist",
        lambda r: r.update(Criticality="5-Extreme"),
    ),
    "no-key": ("the request has no number", lambda r: r.update({"Request No": "-"})),
    "cut-off": ("the row ends after eight of nineteen cells", lambda r: _keep(r, 8)),
}
YAML_DEFECTS: dict[str, tuple[str, Callable[[Record], None]]] = {
    "ends-before-it-begins": (
        "valid_until is before valid_from",
        lambda r: r.update(valid_from=r["valid_until"], valid_until=r["valid_from"]),
    ),
    "nobody-approved": ("approved, and no approver is named", lambda r: r.pop("approver")),
    "scope-misspelt": (
        "a scope has no dimension `acount`",
        lambda r: r.update(scopes=[{"acount": ["100000000021"]}]),
    ),
    "scope-everything": ("a scope names no place", lambda r: r.update(scopes=[{"rule": ["*"]}])),
    "register-status": ("status parked is none of ours", lambda r: r.update(status="parked")),
    "day-first-date": ("requested is not written year-month-day", lambda r: r.update(requested="14.03.2026")),
}


def _keep(row: Row, cells: int) -> None:
    for name in list(row)[cells:]:
        del row[name]


def expectation(source: str, case: str, why: str, key: str | None, fragment: str | None = None) -> Planted:
    """Return what must be found in quarantine for one record."""
    return Planted(f"malformed-{case}", why, "quarantine", why, source, key, fragment=fragment)


def totals() -> list[Planted]:
    """Return, for each source, that nothing but its malformed records is in quarantine."""
    sizes = {JIRA: len(JIRA_DEFECTS), CSV: len(CSV_DEFECTS), YAML: len(YAML_DEFECTS)}
    return [total(source, size) for source, size in sizes.items()]


def total(source: str, size: int) -> Planted:
    """Return that `size` records of a source are in quarantine, and no more."""
    return Planted(
        f"only-malformed-{source}",
        f"{size} records of {source} in quarantine, no more",
        "quarantine",
        "one bad record never takes a good one with it",
        source,
        count=size,
    )
