"""AWS Config in one account and region: where its snapshots are delivered, and whether they arrive."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.world import World

Row = dict[str, Any]

CHANNEL = "default"
EVERY = timedelta(hours=24)
"""How often a snapshot is delivered: TwentyFour_Hours."""

PREFIX = "config"


def bucket_of(world: World) -> str:
    """Return the bucket that every delivery channel of the organization writes to."""
    return f"config-{world.organization_id}"


class Delivery:
    """Handlers of delivery channels: one where there is a recorder, as healthy as the recorder.

    That a failing recorder fails to deliver, and a stopped one has not delivered since, is a choice of this
    stand-in. Status: https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigExportDeliveryInfo.html
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {
            "DescribeDeliveryChannels": self._channels,
            "DescribeDeliveryChannelStatus": self._status,
        }

    @cached_property
    def _recorders(self) -> dict[tuple[str, str], Row]:
        rows: list[Row] = self._world.recorders.to_dict("records")  # type: ignore[assignment]
        return {(row["account"], row["region"]): row for row in rows}

    def _here(self, call: Call) -> Row | None:
        row = self._recorders.get(call.place)
        for name in call.arguments.get("DeliveryChannelNames") or []:
            if row is None or name != CHANNEL:
                message = f"Cannot find delivery channel with specified name '{name}'."
                raise ServiceError("NoSuchDeliveryChannelException", message)
        return row

    def _channels(self, call: Call) -> Row:
        if self._here(call) is None:
            return {"DeliveryChannels": []}
        channel = {
            "name": CHANNEL,
            "s3BucketName": bucket_of(self._world),
            "s3KeyPrefix": PREFIX,
            "configSnapshotDeliveryProperties": {"deliveryFrequency": "TwentyFour_Hours"},
        }
        return {"DeliveryChannels": [channel]}

    def _status(self, call: Call) -> Row:
        row = self._here(call)
        if row is None:
            return {"DeliveryChannelsStatus": []}
        delivery = self._delivered(row)
        stream = {name: delivery[name] for name in ("lastStatus", "lastErrorCode", "lastErrorMessage")} | {
            "lastStatusChangeTime": _instant(row)
        }
        status = {
            "name": CHANNEL,
            "configSnapshotDeliveryInfo": delivery,
            "configHistoryDeliveryInfo": delivery,
            "configStreamDeliveryInfo": stream,
        }
        return {"DeliveryChannelsStatus": [status]}

    def _delivered(self, row: Row) -> Row:
        failed = row["last_status"].upper() == "FAILURE"
        last = self._world.delivered_at if row["recording"] and not failed else _instant(row)
        return {
            "lastStatus": "Failure" if failed else "Success",
            "lastErrorCode": "AccessDenied" if failed else None,
            "lastErrorMessage": "The bucket may not be written to" if failed else None,
            "lastAttemptTime": self._world.delivered_at if failed else last,
            "lastSuccessfulTime": last,
            "nextDeliveryTime": last + EVERY if row["recording"] else None,
        }


def _instant(row: Row) -> datetime:
    changed: datetime = row["last_status_change_at"].to_pydatetime()
    return changed
