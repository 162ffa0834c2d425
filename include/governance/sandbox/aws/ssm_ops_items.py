"""Systems Manager OpsItems in one account and region: listed, read, created and updated.

What is written lives as long as the stand-in. A read struck by `stale` sees the state before the last write.
"""

from __future__ import annotations

import json
import threading
from hashlib import sha256
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.paging import page
from governance.sandbox.aws.ssm_filters import fits
from governance.sandbox.planes import Place
from governance.sandbox.planes import Row as Told
from governance.sandbox.world import World

Row = dict[str, Any]
Held = dict[str, Told]

PAGE = 50
"""The largest page; the documentation gives no default.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeOpsItems.html"""

CHANGE_REQUEST = "/aws/changerequest"

_SUMMARY = (
    "CreatedBy", "CreatedTime", "LastModifiedBy", "LastModifiedTime", "Priority", "Source", "Status",
    "OpsItemId", "Title", "OperationalData", "Category", "Severity", "OpsItemType", "ActualStartTime",
    "ActualEndTime", "PlannedStartTime", "PlannedEndTime",
)  # fmt: skip
_GIVEN = (
    "Title", "Description", "OperationalData", "Notifications", "Priority", "RelatedOpsItems", "Status",
    "Category", "Severity", "ActualStartTime", "ActualEndTime", "PlannedStartTime", "PlannedEndTime",
)  # fmt: skip
_RESERVED = ("amazon", "aws", "amzn", "ssm", "/amazon", "/aws", "/amzn", "/ssm")
_RESERVED_BUT_MEANT = ("/aws/resources", "/aws/automations", "/aws/dedup")


class OpsItems:
    """Handlers of OpsItems; change requests among them can be read, and are written by nobody here."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._now_held: dict[Place, Held] = {
            place: {row["OpsItemId"]: row for row in rows} for place, rows in world.planes.ops_items.items()
        }
        self._held_before: dict[Place, Held] = {}
        self._lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {
            "DescribeOpsItems": self._describe,
            "GetOpsItem": self._get,
            "CreateOpsItem": self._create,
            "UpdateOpsItem": self._update,
        }

    def _here(self, call: Call) -> Held:
        held = self._now_held.get(call.place, {})
        return self._held_before.get(call.place, held) if "stale" in call.struck else held

    def _describe(self, call: Call) -> Row:
        """Items of every type, newest first; an order of this stand-in, for none is documented."""
        chosen = call.arguments.get("OpsItemFilters") or []
        rows = [row for row in self._here(call).values() if all(fits(row, one) for one in chosen)]
        rows.sort(key=lambda row: (row["CreatedTime"], row["OpsItemId"]), reverse=True)
        found, token = page(call.action, rows, call.arguments, default=PAGE)
        return {"OpsItemSummaries": [_summary(row) for row in found], "NextToken": token}

    def _get(self, call: Call) -> Row:
        return {"OpsItem": dict(self._one(call))}

    def _one(self, call: Call) -> Told:
        found = self._here(call).get(call.arguments["OpsItemId"])
        if found is None:
            message = f"OpsItem with id {call.arguments['OpsItemId']} was not found."
            raise ServiceError("OpsItemNotFoundException", message)
        return found

    def _create(self, call: Call) -> Row:
        """A deduplication string that an open OpsItem has refuses the new one, and names that.

        https://docs.aws.amazon.com/systems-manager/latest/userguide/OpsCenter-working-deduplication.html
        Change requests are made by Change Manager, which is closed to new customers:
        https://docs.aws.amazon.com/systems-manager/latest/userguide/change-manager-availability-change.html
        """
        asked = call.arguments
        kind = asked.get("OpsItemType", "/aws/issue")
        if kind != "/aws/issue":
            raise _wrong("OpsItemType", f"an OpsItem of type {kind} is not created by this operation")
        _check_keys(asked.get("OperationalData", {}))
        with self._lock:
            held = self._now_held.get(call.place, {})
            self._refuse_duplicate(held, asked.get("OperationalData", {}))
            number = "oi-" + sha256(f"{call.place}/{len(held)}/{asked['Title']}".encode()).hexdigest()[:12]
            row = self._signed(call, {"OpsItemId": number, "OpsItemType": kind, "Status": "Open",
                                      "Source": asked["Source"], "Version": "1"})  # fmt: skip
            row |= {"CreatedBy": row["LastModifiedBy"], "CreatedTime": self._world.now}
            row |= {name: asked[name] for name in _GIVEN if asked.get(name) is not None}
            self._write(call.place, held, row)
        return {"OpsItemId": number, "OpsItemArn": _arn(call, number)}

    def _update(self, call: Call) -> Row:
        asked = call.arguments
        with self._lock:
            row = dict(self._one(call))
            if row.get("OpsItemType") == CHANGE_REQUEST:
                raise _wrong("OpsItemId", "a change request is not updated by this operation")
            _check_keys(asked.get("OperationalData", {}))
            data = {**row.get("OperationalData", {}), **asked.get("OperationalData", {})}
            data = {k: v for k, v in data.items() if k not in (asked.get("OperationalDataToDelete") or ())}
            row |= {name: asked[name] for name in _GIVEN if asked.get(name) is not None}
            row = self._signed(call, {**row, "OperationalData": data})
            row["Version"] = str(int(row.get("Version", "1")) + 1)
            self._write(call.place, self._now_held[call.place], row)
        return {}

    def _signed(self, call: Call, row: Row) -> Row:
        who = f"arn:aws:sts::{call.account}:assumed-role/stand-in/session"
        return {**row, "LastModifiedBy": who, "LastModifiedTime": self._world.now}

    def _write(self, place: Place, held: Held, row: Row) -> None:
        self._held_before[place] = dict(held)
        self._now_held[place] = {**held, row["OpsItemId"]: row}

    @staticmethod
    def _refuse_duplicate(held: Held, data: dict[str, Row]) -> None:
        wanted = data.get("/aws/dedup", {}).get("Value")
        for number, row in held.items():
            is_open = row["Status"] not in ("Resolved", "Closed")
            if wanted and is_open and wanted == _dedup(row):
                detail = {"OpsItemId": number}
                raise ServiceError(
                    "OpsItemAlreadyExistsException", "The OpsItem already exists.", detail=detail
                )


def _dedup(row: Told) -> Any:
    return row.get("OperationalData", {}).get("/aws/dedup", {}).get("Value")


def _summary(row: Told) -> Row:
    """Only searchable operational data is shown in a list.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateOpsItem.html (OperationalData)
    """
    found = {name: row[name] for name in _SUMMARY if name in row}
    if "OperationalData" in row:
        shown = {k: v for k, v in row["OperationalData"].items() if v.get("Type") == "SearchableString"}
        found["OperationalData"] = shown
    return found


def _check_keys(data: dict[str, Row]) -> None:
    """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateOpsItem.html"""
    for key, value in data.items():
        if key.startswith(_RESERVED) and key not in _RESERVED_BUT_MEANT:
            raise _wrong("OperationalData", f"the key {key} begins with a reserved word")
        if key in _RESERVED_BUT_MEANT:
            try:
                json.loads(value.get("Value", ""))
            except ValueError:
                raise _wrong("OperationalData", f"the value of {key} is not JSON") from None


def _wrong(name: str, words: str) -> ServiceError:
    detail = {"ParameterNames": [name]}
    return ServiceError("OpsItemInvalidParameterException", words, detail=detail)


def _arn(call: Call, number: str) -> str:
    return f"arn:aws:ssm:{call.region}:{call.account}:opsitem/{number}"
