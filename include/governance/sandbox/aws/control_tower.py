"""AWS Control Tower over a World: the landing zone, enabled controls and enabled baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.organizations import arn
from governance.sandbox.aws.paging import page
from governance.sandbox.planes import Row
from governance.sandbox.world import World

Answer = dict[str, Any]

CONTROLS_PAGE, BASELINES_PAGE = 50, 50
"""A choice of this stand-in: the documentation gives the largest page (200, 100) but no default.
https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListEnabledControls.html"""

_CONTROL_DETAIL = ("targetRegions", "parameters")
_BASELINE_DETAIL = ("parameters",)


def at_home(world: World, call: Call) -> bool:
    """Control Tower lives in the management account, in the home region of the landing zone.

    https://docs.aws.amazon.com/controltower/latest/userguide/how-control-tower-works.html
    """
    return call.place == (world.management_account, world.home_region)


def not_found(what: str, name: str) -> ServiceError:
    """Return the error for a resource that is not there, with the status of the model."""
    return ServiceError("ResourceNotFoundException", f"{what} {name} does not exist.", status=404)


class ControlTower:
    """Handlers of what is; operations are in a module of their own. Away from home lists are empty."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {
            "ListLandingZones": self._landing_zones,
            "GetLandingZone": self._landing_zone,
            "ListEnabledControls": self._controls,
            "GetEnabledControl": self._control,
            "ListEnabledBaselines": self._baselines,
            "GetEnabledBaseline": self._baseline,
        }

    def _landing_zones(self, call: Call) -> Answer:
        zone = self._world.planes.landing_zone
        found = [{"arn": zone["arn"]}] if zone and at_home(self._world, call) else []
        return {"landingZones": found}

    def _landing_zone(self, call: Call) -> Answer:
        zone, name = self._world.planes.landing_zone, call.arguments["landingZoneIdentifier"]
        if zone is None or not at_home(self._world, call) or name != zone["arn"]:
            raise not_found("The landing zone", name)
        return {"landingZone": dict(zone)}

    def _controls(self, call: Call) -> Answer:
        asked = call.arguments
        rows = self._here(call, self._world.planes.enabled_controls)
        if target := asked.get("targetIdentifier"):
            places = {target, *(self._below(target) if asked.get("includeChildren") else ())}
            rows = [row for row in rows if row["targetIdentifier"] in places]
        rows = fitting(rows, asked.get("filter", {}), _CONTROL_FILTERS)
        found, token = page(call.action, rows, asked, default=CONTROLS_PAGE)
        return {"enabledControls": [_without(row, _CONTROL_DETAIL) for row in found], "nextToken": token}

    def _control(self, call: Call) -> Answer:
        name = call.arguments["enabledControlIdentifier"]
        return {"enabledControlDetails": self._one(call, self._world.planes.enabled_controls, name)}

    def _baselines(self, call: Call) -> Answer:
        """Children are baselines that an account inherits from its unit: they name a parent.

        https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListEnabledBaselines.html
        """
        rows = self._here(call, self._world.planes.enabled_baselines)
        chosen = call.arguments.get("filter", {})
        if not call.arguments.get("includeChildren"):
            rows = [row for row in rows if "parentIdentifier" not in row]
        rows = fitting(rows, chosen, _BASELINE_FILTERS)
        found, token = page(call.action, rows, call.arguments, default=BASELINES_PAGE)
        return {"enabledBaselines": [_without(row, _BASELINE_DETAIL) for row in found], "nextToken": token}

    def _baseline(self, call: Call) -> Answer:
        name = call.arguments["enabledBaselineIdentifier"]
        return {"enabledBaselineDetails": self._one(call, self._world.planes.enabled_baselines, name)}

    def _here(self, call: Call, rows: tuple[Row, ...]) -> list[Row]:
        return list(rows) if at_home(self._world, call) else []

    def _one(self, call: Call, rows: tuple[Row, ...], name: str) -> Answer:
        for row in self._here(call, rows):
            if row["arn"] == name:
                return dict(row)
        raise not_found("The resource", name)

    def _below(self, target: str) -> list[str]:
        """Return the ARNs of the units below a unit."""
        paths = {arn(self._world, "ou", unit.id): unit.path for unit in self._world.units}
        top = paths.get(target)
        return [one for one, path in paths.items() if top and path.startswith(f"{top}/")]


Reading = Callable[[Row], Any]


def fitting(rows: Iterable[Row], chosen: Row, readings: dict[str, Reading]) -> list[Row]:
    """Return the rows that fit a filter: for each member of it, one of the values named."""
    return [row for row in rows if all(readings[name](row) in values for name, values in chosen.items())]


def _inheritance(row: Row) -> Any:
    return row.get("driftStatusSummary", {}).get("types", {}).get("inheritance", {}).get("status")


_CONTROL_FILTERS: dict[str, Reading] = {
    "controlIdentifiers": lambda row: row["controlIdentifier"],
    "statuses": lambda row: row["statusSummary"]["status"],
    "driftStatuses": lambda row: row["driftStatusSummary"]["driftStatus"],
    "parentIdentifiers": lambda row: row.get("parentIdentifier"),
    "inheritanceDriftStatuses": _inheritance,
    "resourceDriftStatuses": lambda row: (
        row["driftStatusSummary"].get("types", {}).get("resource", {}).get("status")
    ),
}
_BASELINE_FILTERS: dict[str, Reading] = {
    "targetIdentifiers": lambda row: row["targetIdentifier"],
    "baselineIdentifiers": lambda row: row["baselineIdentifier"],
    "parentIdentifiers": lambda row: row.get("parentIdentifier"),
    "statuses": lambda row: row["statusSummary"]["status"],
    "inheritanceDriftStatuses": _inheritance,
}


def _without(row: Row, names: tuple[str, ...]) -> Answer:
    return {name: value for name, value in row.items() if name not in names}
