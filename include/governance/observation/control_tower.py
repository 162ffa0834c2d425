"""What Control Tower says in its home region: the landing zone, what is enabled where, and what drifted.

A control's parameters (`ExemptedPrincipalArns`, `AllowedRegions` ...) are live exceptions; only
GetEnabledControl tells them. Drift NOT_CHECKING or UNKNOWN is not "in sync".

https://docs.aws.amazon.com/controltower/latest/APIReference/API_GetEnabledControl.html
https://docs.aws.amazon.com/controltower/latest/APIReference/API_EnablementStatusSummary.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from governance.observation.datasets import TEXT, TIME, dataset
from governance.observation.listings import Listing, Size, pages
from governance.observation.paging import Row, columns, paged

LANDING_ZONE = dataset(
    "controltower", "landing_zone", "arn",
    arn=TEXT, version=TEXT, latest_version=TEXT, status=TEXT, drift=TEXT, manifest=TEXT,
)  # fmt: skip
ENABLED_CONTROLS = dataset(
    "controltower", "enabled_controls", "target arn",
    arn=TEXT, control=TEXT,
    target=TEXT,  # ARN of the unit
    status=TEXT,
    drift=TEXT,  # DRIFTED, IN_SYNC, NOT_CHECKING or UNKNOWN; inheritance and resources beside it
    inheritance_drift=TEXT, resource_drift=TEXT,
    parameters=TEXT,  # JSON object, '{}' where there are none
    regions=TEXT,  # JSON list of {name, status}
    parent=TEXT,
)  # fmt: skip
ENABLED_BASELINES = dataset(
    "controltower", "enabled_baselines", "target arn",
    arn=TEXT, baseline=TEXT, version=TEXT, target=TEXT, parent=TEXT, status=TEXT, inheritance_drift=TEXT,
)  # fmt: skip
CONTROL_OPERATIONS = dataset(
    "controltower", "control_operations", "operation",
    operation=TEXT, type=TEXT, status=TEXT, message=TEXT, control=TEXT, target=TEXT, enabled_control=TEXT,
    started_at=TIME, ended_at=TIME,
)  # fmt: skip

TOKEN = "nextToken"  # noqa: S105 (a member's name)
CONTROLS_PAGE, BASELINES_PAGE, OPERATIONS_PAGE = 200, 100, 100


def _landing_zone(client: Any) -> Iterator[Row]:
    for zone in paged(client, "list_landing_zones", "landingZones", token=TOKEN):
        found = client.get_landing_zone(landingZoneIdentifier=zone["arn"])["landingZone"]
        yield columns(
            found, arn="arn", version="version", latest_version="latestAvailableVersion", status="status",
            drift="driftStatus.status", manifest=lambda item: _text(item.get("manifest")),
        )  # fmt: skip


def _controls(client: Any) -> Iterator[Row]:
    listed = paged(client, "list_enabled_controls", "enabledControls", token=TOKEN, maxResults=CONTROLS_PAGE)
    for one in list(listed):
        details = client.get_enabled_control(enabledControlIdentifier=one["arn"])["enabledControlDetails"]
        yield columns(
            details, arn="arn", control="controlIdentifier", target="targetIdentifier",
            status="statusSummary.status", drift="driftStatusSummary.driftStatus",
            inheritance_drift="driftStatusSummary.types.inheritance.status",
            resource_drift="driftStatusSummary.types.resource.status", parent="parentIdentifier",
            parameters=lambda item: _text({p["key"]: p["value"] for p in item.get("parameters", [])}),
            regions=lambda item: _text(item.get("targetRegions", [])),
        )  # fmt: skip


def _baselines(client: Any) -> Iterator[Row]:
    listed = paged(
        client, "list_enabled_baselines", "enabledBaselines", token=TOKEN, includeChildren=True,
        maxResults=BASELINES_PAGE,
    )  # fmt: skip
    for one in listed:
        yield columns(
            one, arn="arn", baseline="baselineIdentifier", version="baselineVersion",
            target="targetIdentifier", parent="parentIdentifier", status="statusSummary.status",
            inheritance_drift="driftStatusSummary.types.inheritance.status",
        )  # fmt: skip


def _operations(client: Any) -> Iterator[Row]:
    listed = paged(
        client, "list_control_operations", "controlOperations", token=TOKEN, maxResults=OPERATIONS_PAGE
    )
    for one in listed:
        yield columns(
            one, operation="operationIdentifier", type="operationType", status="status",
            message="statusMessage", control="controlIdentifier", target="targetIdentifier",
            enabled_control="enabledControlIdentifier", started_at="startTime", ended_at="endTime",
        )  # fmt: skip


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _calls_of_controls(size: Size) -> dict[str, int]:
    return {"ListEnabledControls": pages(size.controls, CONTROLS_PAGE), "GetEnabledControl": size.controls}


LISTINGS = (
    Listing(
        LANDING_ZONE, _landing_zone, lambda size: {"ListLandingZones": 1, "GetLandingZone": size.zones}, True
    ),
    Listing(ENABLED_CONTROLS, _controls, _calls_of_controls, True),
    Listing(
        ENABLED_BASELINES,
        _baselines,
        lambda size: {"ListEnabledBaselines": pages(size.baselines, BASELINES_PAGE)},
        True,
    ),
    Listing(
        CONTROL_OPERATIONS,
        _operations,
        lambda size: {"ListControlOperations": pages(size.operations, OPERATIONS_PAGE)},
        True,
    ),
)
