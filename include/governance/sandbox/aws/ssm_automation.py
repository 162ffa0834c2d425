"""Systems Manager Automation in one account and region: executions, the change calendar, compliance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.paging import page
from governance.sandbox.planes import Calendar
from governance.sandbox.planes import Row as Told
from governance.sandbox.world import World

Row = dict[str, Any]

PAGE = 50
"""The largest page; the documentation gives no default.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeAutomationExecutions.html"""


class Automation:
    """Handlers of executions, calendars and compliance summaries."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {
            "DescribeAutomationExecutions": self._executions,
            "GetAutomationExecution": self._execution,
            "GetCalendarState": self._calendar_state,
            "ListComplianceSummaries": self._compliance,
        }

    def _executions(self, call: Call) -> Row:
        """Newest first; an order of this stand-in, for none is documented."""
        chosen = call.arguments.get("Filters") or []
        here = self._world.planes.automations.get(call.place, ())
        rows = [row for row in here if all(_fits(row, one) for one in chosen)]
        rows.sort(key=lambda row: (row["ExecutionStartTime"], row["AutomationExecutionId"]), reverse=True)
        found, token = page(call.action, rows, call.arguments, default=PAGE)
        listed = [{name: value for name, value in row.items() if name != "Parameters"} for row in found]
        return {"AutomationExecutionMetadataList": listed, "NextToken": token}

    def _execution(self, call: Call) -> Row:
        wanted = call.arguments["AutomationExecutionId"]
        for row in self._world.planes.automations.get(call.place, ()):
            if row["AutomationExecutionId"] == wanted:
                found = {name: value for name, value in row.items() if name not in _LISTED_ONLY}
                return {"AutomationExecution": {**found, "StepExecutionsTruncated": False}}
        message = f"Automation execution with id {wanted} was not found."
        raise ServiceError("AutomationExecutionNotFoundException", message)

    def _calendar_state(self, call: Call) -> Row:
        """CLOSED where any calendar is; the next transition is that of the state so told.

        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCalendarState.html
        """
        at = self._asked_time(call)
        calendars = [self._calendar(name, call) for name in call.arguments["CalendarNames"]]
        intervals = [one for calendar in calendars for one in calendar.closed]
        closed = _is_closed(intervals, at)
        edges = sorted(edge for interval in intervals for edge in interval if edge > at)
        turning = next((edge for edge in edges if _is_closed(intervals, edge) != closed), None)
        return {
            "State": "CLOSED" if closed else "OPEN",
            "AtTime": _text(at),
            "NextTransitionTime": _text(turning) if turning else None,
        }

    def _asked_time(self, call: Call) -> datetime:
        text = call.arguments.get("AtTime")
        if not text:
            return self._world.now
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise ServiceError("ValidationException", f"AtTime {text!r} is not written in ISO 8601") from None
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    def _calendar(self, name: str, call: Call) -> Calendar:
        """A calendar is named by its name, or by its ARN where another account shares it."""
        for place, calendars in self._world.planes.calendars.items():
            for calendar in calendars:
                shared = f"arn:aws:ssm:{place[1]}:{place[0]}:document/{calendar.name}"
                if name == shared or (name == calendar.name and place == call.place):
                    return calendar
        raise ServiceError("InvalidDocument", f"Document with name {name} does not exist.")

    def _compliance(self, call: Call) -> Row:
        chosen = call.arguments.get("Filters") or []
        here = self._world.planes.compliance_summaries.get(call.place, ())
        rows = [dict(row) for row in here if all(_is_of_type(row, one) for one in chosen)]
        found, token = page(call.action, rows, call.arguments, default=PAGE)
        return {"ComplianceSummaryItems": found, "NextToken": token}


def _is_closed(intervals: list[tuple[datetime, datetime]], at: datetime) -> bool:
    return any(start <= at < end for start, end in intervals)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_of_type(row: Told, chosen: Told) -> bool:
    """Of the filters, ComplianceType with EQUAL alone is served."""
    if chosen.get("Key") != "ComplianceType" or chosen.get("Type", "EQUAL") != "EQUAL":
        raise ServiceError("InvalidFilter", f"the filter {chosen.get('Key')} is not supported")
    return row["ComplianceType"] in chosen["Values"]


_LISTED_ONLY = ("ExecutedByArn", "LogFile", "AutomationType")
"""Members of a list entry that a single execution does not show."""

_READ: dict[str, Callable[[Told], Any]] = {
    "ExecutionStatus": lambda row: row["AutomationExecutionStatus"],
    "ExecutionId": lambda row: row["AutomationExecutionId"],
    "ParentExecutionId": lambda row: row.get("ParentAutomationExecutionId"),
    "AutomationType": lambda row: row.get("AutomationType"),
    "AutomationSubtype": lambda row: row.get("AutomationSubtype"),
    "OpsItemId": lambda row: row.get("OpsItemId"),
}


def _fits(row: Told, chosen: Told) -> bool:
    """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_AutomationExecutionFilter.html"""
    key, values = chosen["Key"], chosen["Values"]
    if key == "DocumentNamePrefix":
        return any(str(row["DocumentName"]).startswith(value) for value in values)
    if key in ("StartTimeAfter", "StartTimeBefore"):
        try:
            at = datetime.fromisoformat(values[0])
        except ValueError:
            raise ServiceError("InvalidFilterValue", f"{values[0]!r} is not a time") from None
        started: datetime = row["ExecutionStartTime"]
        return started > at if key == "StartTimeAfter" else started < at
    if key not in _READ:
        raise ServiceError("InvalidFilterKey", f"the filter {key} is not supported")
    return _READ[key](row) in values
