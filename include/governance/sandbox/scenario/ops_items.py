"""Requests kept as OpsItems: change requests of Change Manager, and issues that ask for an addition."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from governance.sandbox.scenario import flow, malformed, organization
from governance.sandbox.scenario.model import OPS_ITEMS, Planted, Ticket
from governance.sandbox.scenario.tickets import TicketDesk

Item = dict[str, Any]

CHANGES, ADDITIONS = 11, 4

DEFECTS: dict[str, tuple[str, Callable[[Item], None]]] = {
    "ops-window-backwards": (
        "the planned window ends before it starts",
        lambda item: item.update(
            PlannedStartTime=item["PlannedEndTime"], PlannedEndTime=item["PlannedStartTime"]
        ),
    ),
    "ops-unknown-risk": (
        "risk level Catastrophic does not exist",
        lambda item: _say(item, "risk-level", "Catastrophic"),
    ),
    "ops-no-target": ("no target is named", lambda item: item["OperationalData"].pop("target")),
    "ops-targets-not-json": (
        "the targets are prose, not JSON",
        lambda item: _say(item, "targets", "both gateways, one after the other"),
    ),
}

_CHANGE_STATUS = {
    "submitted": "PendingApproval", "needs_information": "PendingApproval", "in_review": "PendingApproval",
    "approved": "Scheduled", "rejected": "Rejected", "withdrawn": "Cancelled",
    "in_progress": "RunbookInProgress", "fulfilled": "CompletedWithSuccess", "failed": "CompletedWithFailure",
    "closed": "Closed",
}  # fmt: skip
_ISSUE_STATUS = {
    "submitted": "Open", "needs_information": "Pending", "in_review": "Open", "approved": "InProgress",
    "rejected": "Rejected", "withdrawn": "Cancelled", "in_progress": "InProgress", "fulfilled": "Resolved",
    "failed": "Failed", "closed": "Closed",
}  # fmt: skip


def build(random: Random, desk: TicketDesk) -> tuple[list[Item], list[Planted]]:
    """Return the OpsItems of the management account, and what of them must end in quarantine."""
    tickets = [desk.change(at) for at in flow.arrivals(random, CHANGES)]
    tickets += [desk.addition(at, "jira") for at in flow.arrivals(random, ADDITIONS)]
    items = [_item(random, ticket) for ticket in tickets]
    planted: list[Planted] = []
    for defect, at in zip(DEFECTS, flow.arrivals(random, len(DEFECTS)), strict=True):
        ticket = desk.change(at)
        item = _item(random, replace(ticket, steps=[(at, "submitted", ticket.requester)]))
        why, spoil = DEFECTS[defect]
        spoil(item)
        items.append(item)
        planted.append(malformed.expectation(OPS_ITEMS, defect, why, item["OpsItemId"]))
    return items, planted


def _item(random: Random, ticket: Ticket) -> Item:
    at, status, who = ticket.steps[-1]
    change = ticket.kind == "change"
    item: Item = {
        "OpsItemId": f"oi-{random.getrandbits(48):012x}",
        "OpsItemType": "/aws/changerequest" if change else "/aws/issue",
        "Title": ticket.title,
        "Description": ticket.description,
        "Source": "Change Manager" if change else "Landing zone",
        "Status": (_CHANGE_STATUS if change else _ISSUE_STATUS)[status],
        "Priority": {"low": 4, "medium": 3, "high": 2, "critical": 1}[ticket.risk_level],
        "CreatedBy": arn_of(ticket.requester),
        "CreatedTime": ticket.submitted_at,
        "LastModifiedBy": arn_of(who),
        "LastModifiedTime": at,
        "Version": str(len(ticket.steps)),
        "OperationalData": {},
    }
    if ticket.window:
        item |= {"PlannedStartTime": ticket.window[0], "PlannedEndTime": ticket.window[1]}
    for name, value in _told(ticket).items():
        if value:
            _say(item, name, value)
    return item


def _told(ticket: Ticket) -> dict[str, str | None]:
    decided = ticket.time_of("approved", "rejected")
    fulfilled = ticket.time_of("fulfilled")
    return {
        "requester": ticket.requester,
        "approver": ticket.approver if decided else None,
        "decided": decided.isoformat() if decided else None,
        "fulfilled": fulfilled.isoformat() if fulfilled else None,
        "assignee": ticket.assignee if len(ticket.steps) > 1 else None,
        "target": ticket.target,
        "target-type": ticket.target_type,
        "risk-level": ticket.risk_level.title(),
        "benefit": ticket.benefit,
        "risk": ticket.risk,
        "risk-if-denied": ticket.risk_if_denied,
        "runbook": ticket.runbook,
        "targets": json.dumps([ticket.target]) if ticket.kind == "change" else None,
        "thing-type": ticket.thing_type,
        "thing": json.dumps(ticket.thing, sort_keys=True) if ticket.thing else None,
    }


def _say(item: Item, name: str, value: str) -> None:
    """Who and where can be searched for; the reasons are for those who open the item."""
    searchable = name in ("requester", "target", "risk-level")
    kind = "SearchableString" if searchable else "String"
    item["OperationalData"][name] = {"Value": value, "Type": kind}


def arn_of(address: str) -> str:
    """Return the session in which somebody acts in the management account."""
    return f"arn:aws:sts::{organization.MANAGEMENT}:assumed-role/requester/{address}"
