"""What the parameters of enabled controls let through, and where a control is not in sync.

`AllowedRegions` is no exception while it names regions that the landing zone governs. A control whose drift
is DRIFTED is not in force as its parameters say; UNKNOWN or NOT_CHECKING means that nobody can tell.

https://docs.aws.amazon.com/controltower/latest/controlreference/ou-region-deny.html
https://docs.aws.amazon.com/controltower/latest/APIReference/API_DriftStatusSummary.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from governance.reconciliation.evidence import Evidence
from governance.reconciliation.planes.listings import Listing, document
from governance.reconciliation.planes.live import Found, Judged, Kind, Live, Verdict

PARAMETERS: dict[str, Kind] = {
    "ExemptedPrincipalArns": "principal",
    "ExemptedResourceArns": "resource",
    "ExemptedActions": "action",
    "AllowedRegions": "region",
}


def live(found: Found, known: Evidence, since: datetime) -> list[Live]:
    """Return every live exception of Control Tower; what is not known goes to `found.gaps`."""
    controls = Listing.read(known, "controltower/enabled_controls", since)
    if controls.gap:
        found.gaps["control_tower", "*", "*"] = controls.gap
    governed = governed_regions(known, since)
    return [one for row in controls.records() for one in _of_control(row, governed)]


def governed_regions(known: Evidence, since: datetime) -> frozenset[str] | None:
    """Return the regions that the landing zone governs; none without one, None where it is not known."""
    zones = Listing.read(known, "controltower/landing_zone", since)
    if zones.gap:
        return None
    manifests = [document(row["manifest"]) or {} for row in zones.records()]
    return frozenset(str(region) for one in manifests for region in one.get("governedRegions", ()))


def names_of(control: str) -> frozenset[str]:
    """Return what a scope may call a control: its ARN, or the name at its end.

    >>> sorted(names_of("arn:aws:controltower:eu-west-1::control/AWS-GR_X"))
    ['AWS-GR_X', 'arn:aws:controltower:eu-west-1::control/AWS-GR_X']
    """
    return frozenset({control, control.rpartition("/")[2]})


def not_in_sync(known: Evidence, since: datetime) -> Iterator[Judged]:
    """Yield a verdict on every enabled control that drifted, or of which that cannot be told.

    AWS does not check every control: NOT_CHECKING is not known, but nothing that anybody could mend.
    """
    for row in Listing.read(known, "controltower/enabled_controls", since).records():
        drift = row["drift"] or "UNKNOWN"
        if drift == "IN_SYNC":
            continue
        name, unit = str(row["control"]).rpartition("/")[2], _unit(row)
        live = Live("control_tower", "control", name, str(row["arn"]), names_of(row["control"]), unit=unit,
                    evidence=_evidence(row))  # fmt: skip
        words = "has drifted" if drift == "DRIFTED" else f"is not known to be in sync (drift {drift})"
        finding = None if drift == "NOT_CHECKING" else "CONTROL_NOT_IN_SYNC"
        verdict: Verdict = "DIFFERENT" if drift == "DRIFTED" else "UNKNOWN"
        yield Judged(live, verdict, f"Control {name} on {unit} {words}.", finding)


def _of_control(row: dict[str, Any], governed: frozenset[str] | None) -> Iterator[Live]:
    parameters = document(row["parameters"]) or {}
    gap, drift = _standing(row)
    for parameter, kind in PARAMETERS.items():
        for value in _values(parameters.get(parameter)):
            if kind == "region" and governed is not None and value in governed:
                continue
            unsure = "the regions that the landing zone governs are not known" if kind == "region" else None
            yield Live(
                "control_tower", kind, str(row["control"]).rpartition("/")[2], value,
                names_of(str(row["control"])), unit=_unit(row),
                gap=gap or (unsure if governed is None else None), drift=drift,
                evidence={**_evidence(row), "parameter": parameter},
            )  # fmt: skip


def _values(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]


def _standing(row: dict[str, Any]) -> tuple[str | None, str | None]:
    if row["status"] == "FAILED":
        return None, "the control failed to be enabled as asked"
    if row["drift"] == "DRIFTED":
        return None, "the control has drifted"
    if row["drift"] == "IN_SYNC":
        return None, None
    return f"the drift of the control is {row['drift'] or 'not told'}", None


def _unit(row: dict[str, Any]) -> str:
    return str(row["target"]).rpartition("/")[2]


def _evidence(row: dict[str, Any]) -> dict[str, Any]:
    return {"dataset": "controltower/enabled_controls", "arn": row["arn"], "drift": row["drift"]}
