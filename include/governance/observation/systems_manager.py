"""What Systems Manager says in the hub: OpsItems and change requests, automation, own documents, compliance.

Change Manager is closed to new customers since 2025-11-07: its requests are OpsItems of a type of their own,
read like any other and never written.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeOpsItems.html
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeDocument.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from governance.observation.datasets import TEXT, TIME, dataset
from governance.observation.listings import Listing, Size, pages
from governance.observation.paging import Row, columns, instant, paged

OPS_ITEMS = dataset(
    "ssm", "ops_items", "ops_item",
    ops_item=TEXT,
    type=TEXT,  # /aws/issue, /aws/insight, /aws/changerequest
    title=TEXT, status=TEXT, source=TEXT, severity=TEXT, created_by=TEXT, created_at=TIME, modified_at=TIME,
    planned_start=TIME, planned_end=TIME, actual_start=TIME, actual_end=TIME,
)  # fmt: skip
AUTOMATIONS = dataset(
    "ssm", "automation_executions", "execution",
    execution=TEXT, document=TEXT, version=TEXT, status=TEXT, started_at=TIME, ended_at=TIME, by=TEXT,
    message=TEXT, change_request=TEXT, ops_item=TEXT,
    runbooks=TEXT,  # JSON list of document names
    targets=TEXT,  # JSON list of resolved targets
)  # fmt: skip
DOCUMENTS = dataset(
    "ssm", "documents", "document",
    document=TEXT, type=TEXT, version=TEXT, default_version=TEXT, status=TEXT, hash=TEXT, hash_type=TEXT,
    owner=TEXT, created_at=TIME,
)  # fmt: skip
COMPLIANCE = dataset(
    "ssm", "compliance_summaries", "type",
    type=TEXT, compliant=pa.int64(), non_compliant=pa.int64(),
)  # fmt: skip
CALENDARS = dataset("ssm", "calendars", "calendar", calendar=TEXT, state=TEXT, at=TIME, next_change_at=TIME)

PAGE = 50
OWN = [{"Key": "Owner", "Values": ["Self"]}]
CALENDAR_TYPE = [{"Key": "DocumentType", "Values": ["ChangeCalendar"]}]


def _ops_items(client: Any) -> Iterator[Row]:
    for one in paged(client, "describe_ops_items", "OpsItemSummaries", MaxResults=PAGE):
        yield columns(
            one, ops_item="OpsItemId", type="OpsItemType", title="Title", status="Status", source="Source",
            severity="Severity", created_by="CreatedBy", created_at="CreatedTime",
            modified_at="LastModifiedTime", planned_start="PlannedStartTime", planned_end="PlannedEndTime",
            actual_start="ActualStartTime", actual_end="ActualEndTime",
        )  # fmt: skip


def _automations(client: Any) -> Iterator[Row]:
    key = "AutomationExecutionMetadataList"
    for one in paged(client, "describe_automation_executions", key, MaxResults=PAGE):
        yield columns(
            one, execution="AutomationExecutionId", document="DocumentName", version="DocumentVersion",
            status="AutomationExecutionStatus", started_at="ExecutionStartTime", ended_at="ExecutionEndTime",
            by="ExecutedBy", message="FailureMessage", change_request="ChangeRequestName",
            ops_item="OpsItemId",
            runbooks=lambda item: json.dumps([run["DocumentName"] for run in item.get("Runbooks", [])]),
            targets=lambda item: json.dumps(item.get("ResolvedTargets", {}).get("ParameterValues", [])),
        )  # fmt: skip


def _documents(client: Any) -> Iterator[Row]:
    for one in list(paged(client, "list_documents", "DocumentIdentifiers", Filters=OWN, MaxResults=PAGE)):
        found = client.describe_document(Name=one["Name"])["Document"]
        yield columns(
            found, document="Name", type="DocumentType", version="DocumentVersion",
            default_version="DefaultVersion", status="Status", hash="Hash", hash_type="HashType",
            owner="Owner", created_at="CreatedDate",
        )  # fmt: skip


def _calendars(client: Any) -> Iterator[Row]:
    listed = paged(
        client, "list_documents", "DocumentIdentifiers", Filters=[*OWN, *CALENDAR_TYPE], MaxResults=PAGE
    )
    for one in list(listed):
        found = client.get_calendar_state(CalendarNames=[one["Name"]])
        yield {
            "calendar": one["Name"],
            "state": found["State"],
            "at": instant(found.get("AtTime")),
            "next_change_at": instant(found.get("NextTransitionTime")),
        }


def _compliance(client: Any) -> Iterator[Row]:
    for one in paged(client, "list_compliance_summaries", "ComplianceSummaryItems", MaxResults=PAGE):
        yield columns(
            one, type="ComplianceType", compliant="CompliantSummary.CompliantCount",
            non_compliant="NonCompliantSummary.NonCompliantCount",
        )  # fmt: skip


def _calls_of_documents(size: Size) -> dict[str, int]:
    return {"ListDocuments": pages(size.documents, PAGE), "DescribeDocument": size.documents}


LISTINGS = (
    Listing(OPS_ITEMS, _ops_items, lambda size: {"DescribeOpsItems": pages(size.ops_items, PAGE)}, True),
    Listing(
        AUTOMATIONS,
        _automations,
        lambda size: {"DescribeAutomationExecutions": pages(size.automations, PAGE)},
        True,
    ),
    Listing(DOCUMENTS, _documents, _calls_of_documents, True),
    Listing(
        CALENDARS,
        _calendars,
        lambda size: {"ListDocuments": pages(size.calendars, PAGE), "GetCalendarState": size.calendars},
        True,
    ),
    Listing(
        COMPLIANCE,
        _compliance,
        lambda size: {"ListComplianceSummaries": pages(size.compliance_types, PAGE)},
        True,
    ),
)
