"""Systems Manager as the scenario has it: runbooks, their executions, a change calendar, compliance."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

from governance.sandbox.planes import Calendar
from governance.sandbox.scenario.guardrails import identifier
from governance.sandbox.scenario.model import NOW
from governance.sandbox.scenario.organization import MANAGEMENT
from governance.sandbox.world import Account

Row = dict[str, Any]

_DOCUMENTS = (
    ("Governance-CloseBucket", "Automation", "4"),
    ("Governance-EnforceImdsV2", "Automation", "2"),
    ("Governance-RevokeSsh", "Automation", "7"),
    ("Governance-StandardChange", "Automation.ChangeTemplate", "3"),
    ("governance-freeze", "ChangeCalendar", "12"),
)
_RUNS = {
    "CompletedWithSuccess": "Success",
    "CompletedWithFailure": "Failed",
    "RunbookInProgress": "InProgress",
}


def documents() -> tuple[Row, ...]:
    """Return the documents of the management account, each with hash and version."""
    return tuple(
        document(name, kind, version, NOW - timedelta(days=30 + 10 * int(version)))
        for name, kind, version in _DOCUMENTS
    )


def document(name: str, kind: str, version: str, created: datetime) -> Row:
    """Return one document; its hash follows from name and version."""
    return {
        "Name": name,
        "Owner": MANAGEMENT,
        "CreatedDate": created,
        "DocumentType": kind,
        "DocumentFormat": "TEXT" if kind == "ChangeCalendar" else "YAML",
        "SchemaVersion": "0.3",
        "DocumentVersion": version,
        "LatestVersion": version,
        "DefaultVersion": version,
        "Status": "Active",
        "Hash": document_hash(name, version),
        "HashType": "Sha256",
        "PlatformTypes": ["Windows", "Linux", "MacOS"],
    }


def document_hash(name: str, version: str) -> str:
    """Return the SHA-256 that Systems Manager tells of a document."""
    return sha256(f"{name}/{version}".encode()).hexdigest()


def calendars() -> tuple[Calendar, ...]:
    """Return the freeze: closed over the end of both years, and at the weekend before NOW."""
    closed = (
        (datetime(2025, 12, 19, 17, tzinfo=UTC), datetime(2026, 1, 5, 6, tzinfo=UTC)),
        (datetime(2026, 11, 13, 17, tzinfo=UTC), datetime(2026, 11, 16, 5, tzinfo=UTC)),
        (datetime(2026, 12, 18, 17, tzinfo=UTC), datetime(2027, 1, 4, 6, tzinfo=UTC)),
    )
    return (Calendar("governance-freeze", closed),)


def executions(random: Random, items: Iterable[Row]) -> tuple[Row, ...]:
    """Return the executions behind change requests that got so far, and two that nobody asked for."""
    found = [
        _execution(random, item["PlannedStartTime"], status, item)
        for item in items
        if (status := _outcome(item)) and "PlannedStartTime" in item and item["PlannedStartTime"] < NOW
    ]
    found += [_execution(random, NOW - timedelta(days=days, hours=3), "Success", None) for days in (2, 9)]
    return tuple(found)


def _outcome(item: Row) -> str | None:
    """A closed request was carried out if it says when."""
    done = "Success" if "fulfilled" in item["OperationalData"] else None
    return _RUNS.get(item["Status"], done)


def _execution(random: Random, begins: datetime, status: str, item: Row | None) -> Row:
    began = begins + timedelta(minutes=random.randint(1, 20))
    number = identifier(random)
    runbook = random.choice([name for name, kind, _ in _DOCUMENTS if kind == "Automation"])
    if item and "runbook" in item["OperationalData"]:
        runbook = item["OperationalData"]["runbook"]["Value"]
    row: Row = {
        "AutomationExecutionId": number,
        "DocumentName": runbook,
        "DocumentVersion": "1",
        "AutomationExecutionStatus": status,
        "ExecutionStartTime": began,
        "ExecutedBy": item["LastModifiedBy"] if item else f"arn:aws:iam::{MANAGEMENT}:user/on-call",
        "Mode": "Auto",
        "AutomationType": "Local",
    }
    if status != "InProgress":
        row["ExecutionEndTime"] = began + timedelta(minutes=random.randint(3, 40))
    if item:
        row |= {"AutomationSubtype": "ChangeRequest", "OpsItemId": item["OpsItemId"],
                "ChangeRequestName": item["Title"][:1024]}  # fmt: skip
    return row


def compliance(random: Random, accounts: Iterable[Account]) -> dict[str, tuple[Row, ...]]:
    """Return account -> compliance of associations and patches at home."""
    return {
        one.id: tuple(_summary(random, kind) for kind in ("Association", "Patch"))
        for one in accounts
        if one.state == "ACTIVE"
    }


def _summary(random: Random, kind: str) -> Row:
    bad = random.choice((0, 0, 1, 2, 5))
    return {
        "ComplianceType": kind,
        "CompliantSummary": {"CompliantCount": random.randint(4, 60)},
        "NonCompliantSummary": {
            "NonCompliantCount": bad,
            "SeveritySummary": {"CriticalCount": min(bad, 1), "HighCount": max(bad - 1, 0)},
        },
    }
