"""AWS Control Tower over a World: what was done to the landing zone and to controls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.control_tower import Reading, at_home, fitting, not_found
from governance.sandbox.aws.paging import page
from governance.sandbox.planes import Row
from governance.sandbox.world import World

Answer = dict[str, Any]

PAGE = 50
"""A choice of this stand-in: the documentation gives the largest page, 100, but no default."""

KEPT = timedelta(days=90)
"""https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListLandingZoneOperations.html"""

_SUMMARY = ("operationType", "operationIdentifier", "status")


class ControlTowerOperations:
    """Handlers of operations, newest first."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {
            "ListLandingZoneOperations": self._zone_operations,
            "GetLandingZoneOperation": self._zone_operation,
            "ListControlOperations": self._control_operations,
            "GetControlOperation": self._control_operation,
        }

    def _recent(self, call: Call, rows: tuple[Row, ...]) -> list[Row]:
        """Those of the landing zone are documented to be kept 90 days, newest first; controls alike."""
        if not at_home(self._world, call):
            return []
        since = self._world.now - KEPT
        kept = [row for row in rows if row["startTime"] >= since]
        return sorted(kept, key=lambda row: (row["startTime"], row["operationIdentifier"]), reverse=True)

    def _zone_operations(self, call: Call) -> Answer:
        rows = self._recent(call, self._world.planes.landing_zone_operations)
        rows = fitting(rows, call.arguments.get("filter", {}), _ZONE_FILTERS)
        found, token = page(call.action, rows, call.arguments, default=PAGE)
        short = [{name: row[name] for name in _SUMMARY} for row in found]
        return {"landingZoneOperations": short, "nextToken": token}

    def _control_operations(self, call: Call) -> Answer:
        rows = self._recent(call, self._world.planes.control_operations)
        rows = fitting(rows, call.arguments.get("filter", {}), _CONTROL_FILTERS)
        found, token = page(call.action, rows, call.arguments, default=PAGE)
        return {"controlOperations": [dict(row) for row in found], "nextToken": token}

    def _zone_operation(self, call: Call) -> Answer:
        return {"operationDetails": self._one(call, self._world.planes.landing_zone_operations)}

    def _control_operation(self, call: Call) -> Answer:
        return {"controlOperation": self._one(call, self._world.planes.control_operations)}

    def _one(self, call: Call, rows: tuple[Row, ...]) -> Answer:
        name = call.arguments["operationIdentifier"]
        for row in self._recent(call, rows):
            if row["operationIdentifier"] == name:
                return dict(row)
        raise not_found("The operation", name)


_ZONE_FILTERS: dict[str, Reading] = {
    "types": lambda row: row["operationType"],
    "statuses": lambda row: row["status"],
}
_CONTROL_FILTERS: dict[str, Reading] = {
    "controlIdentifiers": lambda row: row["controlIdentifier"],
    "targetIdentifiers": lambda row: row["targetIdentifier"],
    "enabledControlIdentifiers": lambda row: row.get("enabledControlIdentifier"),
    "statuses": lambda row: row["status"],
    "controlOperationTypes": lambda row: row["operationType"],
}
