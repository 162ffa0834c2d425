"""Approved additions and changes, and what AWS shows of each: one for every verdict, told through Jira.

Nothing is drawn by chance but the changelog, so nothing that is told elsewhere changes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from governance.sandbox.scenario import jira_issues, people
from governance.sandbox.scenario.model import JIRA, NOW, Planted, Ticket
from governance.sandbox.scenario.organization import HOME, MANAGEMENT
from governance.sandbox.scenario.planted_tickets import PLATFORM_ACCOUNT, berlin
from governance.sandbox.scenario.runbook_runs import document, document_hash

Row = dict[str, Any]

_ASKED, _APPROVED, _DONE = berlin(11, 4, 9), berlin(11, 5, 11), berlin(11, 10, 15)
_REQUESTER = "ida.brandt@example.com"
_RESTART, _RESIZE, _ROTATE = "Platform-RestartService", "Platform-ResizeCluster", "Governance-RotateKeys"
_HOTFIX = "Hotfix-Payments"
_EXECUTION = "5ca1ab1e-0000-4000-8000-{:012d}"
_ONE, _TWO, _THREE = (f"i-0gov0restart{n}" for n in (1, 2, 3))

_ADDITIONS: tuple[tuple[str, str, str, dict[str, str], str], ...] = (
    ("fulfilled-attachment", "FULFILLED", "policy_attachment",
     {"policy": "enforce-tls", "target": "Workloads"},
     "the policy is attached to the unit it was asked for"),
    ("fulfilled-account", "FULFILLED", "account", {"name": "search-dev", "ou": "Workloads"},
     "it is in a unit below the one asked for, and in sync"),
    ("fulfilled-document", "FULFILLED", "ssm_document",
     {"document": _ROTATE, "hash": document_hash(_ROTATE, "1")},
     "made after the request, with the hash that was asked for"),
    ("misplaced", "MISPLACED", "account", {"name": "sandbox-ml", "ou": "Workloads/NonProd"},
     "it is in Sandbox, not in the unit that was asked for"),
    ("content-mismatch", "CONTENT_MISMATCH", "ssm_document",
     {"document": "Governance-RevokeSsh", "version": "8"},
     "version 7 is there, asked for is version 8"),
    ("drifted", "FULFILLED_DRIFTED", "enabled_control", {"control": "AWS-GR_RESTRICTED_SSH", "ou": "Sandbox"},
     "Control Tower says that it drifted"),
    ("unverified", "FULFILLED_UNVERIFIED", "enabled_control",
     {"control": "AWS-GR_CONFIG_ENABLED", "ou": "Workloads/Prod"},
     "it is enabled, but NOT_CHECKING is not in sync"),
    ("degraded", "FULFILLED_DEGRADED", "config_rule", {"rule": "dynamodb-in-backup-plan", "ou": "Workloads"},
     "the rule is there, but its last update failed in one account"),
    ("partial", "PARTIAL", "config_rule", {"rule": "cloudtrail-enabled", "ou": "Sandbox"},
     "one account of the unit is excluded from the organization rule"),
    ("addition-failed", "FAILED", "provisioned_product",
     {"name": "search-index-prod", "product": "prod-gov0database"},
     "Service Catalog could not make it"),
    ("not-fulfilled", "NOT_FULFILLED", "provisioned_product",
     {"name": "reporting-cache", "product": "prod-gov0database"},
     "said to be done last week, and nothing of that name is there"),
    ("addition-in-progress", "IN_PROGRESS", "policy_attachment",
     {"policy": "enforce-tls", "target": "Sandbox"},
     "approved, due in December, not there yet; elsewhere it was long before"),
    ("addition-unknown", "UNKNOWN", "ssm_document", {"document": _ROTATE, "account": PLATFORM_ACCOUNT},
     "nobody lists the documents of that account"),
    ("fulfilled-by-name", "FULFILLED", "provisioned_product",
     {"name": "ledger-archive-prod", "product": "PostgreSQL for a team"},
     "a product of that name is there, and all that is provisioned under the name of its product is of one"),
)  # fmt: skip
_CLAIMED = {"not-fulfilled"}


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return berlin(11, day, hour, minute)


_Run = tuple[str, str, tuple[str, ...], datetime, datetime | None]
"""document, status, targets, begin, end"""

_CHANGES: tuple[tuple[str, str, tuple[datetime, datetime], tuple[_Run, ...], str], ...] = (
    ("in-window", "EXECUTED_IN_WINDOW", (_at(11, 19), _at(11, 21)),
     ((_RESTART, "Success", (_ONE, _TWO), _at(11, 19, 5), _at(11, 19, 30)),),
     "both restarted, within the window"),
    ("in-window-second-try", "EXECUTED_IN_WINDOW", (_at(12, 19), _at(12, 21)),
     ((_RESTART, "Failed", (_ONE, _TWO), _at(12, 19, 5), _at(12, 19, 8)),
      (_RESTART, "Success", (_ONE, _TWO), _at(12, 19, 40), _at(12, 20, 10))),
     "the first attempt failed, the second one succeeded in the same window"),
    ("overran", "OVERRAN", (_at(10, 19), _at(10, 20)),
     ((_RESTART, "Success", (_ONE, _TWO), _at(10, 19, 50), _at(10, 20, 25)),),
     "it ended 25 minutes too late"),
    ("out-of-window", "OUT_OF_WINDOW", (_at(9, 22), _at(9, 23)),
     ((_RESTART, "Success", (_ONE, _TWO), _at(9, 11, 20), _at(9, 11, 40)),),
     "begun at noon, approved was the night"),
    ("change-failed", "EXECUTED_FAILED", (_at(13, 19), _at(13, 21)),
     ((_RESTART, "TimedOut", (_ONE, _TWO), _at(13, 19, 10), _at(13, 20, 10)),), "the one attempt timed out"),
    ("change-partial", "EXECUTED_PARTIAL", (_at(13, 22), _at(13, 23)),
     ((_RESTART, "Success", (_ONE,), _at(13, 22, 10), _at(13, 22, 20)),),
     "of two instances one was restarted"),
    ("scope-exceeded", "SCOPE_EXCEEDED", (_at(14, 8), _at(14, 10)),
     ((_RESTART, "Success", (_ONE, _TWO, _THREE), _at(14, 8, 10), _at(14, 8, 40)),),
     "a third instance was restarted"),
    ("runbook-mismatch", "RUNBOOK_MISMATCH", (_at(14, 18), _at(14, 20)),
     ((_RESIZE, "Success", (_ONE, _TWO), _at(14, 18, 10), _at(14, 18, 40)),),
     "approved was a restart, done was a resize"),
    ("change-running", "IN_PROGRESS", (_at(16, 8, 30), _at(16, 11)),
     ((_RESTART, "InProgress", (_ONE, _TWO), _at(16, 8, 45), None),), "it began a quarter of an hour ago"),
    ("pending", "PENDING", (_at(17, 19), _at(17, 21)), (), "its window is tomorrow"),
    ("not-executed", "NOT_EXECUTED", (_at(15, 19), _at(15, 20)), (), "its window passed yesterday"),
)  # fmt: skip


def issues(random: Random, after: int) -> tuple[list[Row], list[Planted]]:
    """Return the issues, numbered from `after` on, and the verdict on each."""
    tickets = [_addition(*one) for one in _ADDITIONS]
    tickets += [
        _change(number, case, verdict, window, why)
        for number, (case, verdict, window, _, why) in enumerate(_CHANGES, start=1)
    ]
    tickets += [_by_hand(), _too_early(), _detached()]
    written = [jira_issues.write_one(random, after + n, ticket) for n, ticket in enumerate(tickets, start=1)]
    planted = [
        Planted(**{**vars(answer), "key": issue["key"]})
        for ticket, issue in zip(tickets, written, strict=True)
        for answer in ticket.planted
    ]
    return written, [*planted, *_nobody_asked()]


def _ticket(kind: Any, case: str, verdict: str, title: str, why: str, **more: Any) -> Ticket:
    approver = people.PLATFORM
    steps = [(_ASKED, "submitted", _REQUESTER), (_APPROVED, "approved", approver)]
    answer = Planted(f"promise-{case}", title, "verdict", why, JIRA, verdict=verdict)
    told: Row = {
        "description": f"{title}, as agreed in the platform round.", "target_type": "resource",
        "target": f"account/{PLATFORM_ACCOUNT}", "account": PLATFORM_ACCOUNT, "requester": _REQUESTER,
        "approver": approver, "assignee": people.ENGINEERS[0], "risk_level": "medium",
        "benefit": "What was agreed is there.", "risk": "Little.", "risk_if_denied": "It stays as it is.",
        "steps": steps, "planted": (answer,),
    }  # fmt: skip
    return Ticket(kind=kind, title=title, **{**told, **more})


def _addition(case: str, verdict: str, thing_type: str, thing: dict[str, str], why: str) -> Ticket:
    title = f"Add {thing_type.replace('_', ' ')} {next(iter(thing.values()))} ({case})"
    ticket = _ticket("addition", case, verdict, title, why, thing_type=thing_type, thing=thing)
    if case in _CLAIMED:
        ticket.steps.append((_DONE, "fulfilled", ticket.assignee))
    return ticket


def _change(number: int, case: str, verdict: str, window: tuple[datetime, datetime], why: str) -> Ticket:
    title = f"Restart the import workers, round {number} ({case})"
    return _ticket("change", case, verdict, title, why, window=window, runbook=_RESTART, targets=(_ONE, _TWO))


def _by_hand() -> Ticket:
    why = "its runbook is done by hand: AWS would show nothing"
    return _ticket(
        "change", "by-hand", "UNKNOWN", "Restart the import workers by hand", why,
        window=(_at(12, 22), _at(12, 23)), runbook="RB-OPS-001", targets=(_THREE,),
    )  # fmt: skip


def _too_early() -> Ticket:
    why = "carried out in its window, a day before it was approved"
    ticket = _ticket(
        "change", "unapproved", "UNAPPROVED_CHANGE", "Resize the reporting cluster", why,
        window=(_at(13, 14), _at(13, 16)), runbook=_RESIZE, targets=("cluster/reporting",),
    )  # fmt: skip
    ticket.steps = [(_at(12, 9), "submitted", _REQUESTER), (_at(14, 10), "approved", ticket.approver)]
    return ticket


def _detached() -> Ticket:
    why = "it was attached in the summer, and is attached no more; nobody approved that"
    title = "Attach policy protect-config-recorder to Security"
    thing = {"policy": "protect-config-recorder", "target": "Security"}
    ticket = _ticket("addition", "detached", "", title, why, thing_type="policy_attachment", thing=thing)
    told = [(7, "submitted", _REQUESTER), (8, "approved", ticket.approver), (9, "fulfilled", ticket.assignee)]
    ticket.steps = [(berlin(7, day, 10), status, who) for day, status, who in told]
    ticket.planted = tuple(
        replace(answer, expects="finding", verdict=None, finding_type="POLICY_DETACHED")
        for answer in ticket.planted
    )
    return ticket


def _nobody_asked() -> list[Planted]:
    return [
        Planted("promise-unrequested", f"document {_HOTFIX}", "finding",
                "made last Thursday, asked for by nobody", finding_type="UNREQUESTED", account=MANAGEMENT,
                resource_id=f"{MANAGEMENT}/{_HOTFIX}"),
        Planted("promise-unapproved-execution", "a hotfix on Friday night", "finding",
                "carried out in the name of no change", finding_type="UNAPPROVED_CHANGE",
                resource_id=_EXECUTION.format(901)),
    ]  # fmt: skip


def documents() -> tuple[Row, ...]:
    """Return the runbooks of these changes, a document that was asked for, and one that was not."""
    long_ago = NOW - timedelta(days=200)
    return (
        document(_RESTART, "Automation", "2", long_ago),
        document(_RESIZE, "Automation", "1", long_ago),
        document(_ROTATE, "Automation", "1", berlin(11, 9, 14)),
        document(_HOTFIX, "Automation", "1", berlin(11, 12, 17)),
    )


def products() -> tuple[Row, ...]:
    """Return the product that could not be made, and one that is asked for by the name of what it is of."""
    failed = {"Status": "ERROR", "StatusMessage": "A quota of the account is used up"}
    return (
        _product("search-index-prod", "pp-gov0promise1", **failed),
        _product("ledger-archive-prod", "pp-gov0promise2", Status="AVAILABLE"),
    )


def _product(name: str, number: str, **more: Any) -> Row:
    return {
        "Name": name, "Arn": f"arn:aws:servicecatalog:{HOME}:{MANAGEMENT}:stack/{name}/{number}",
        "Type": "CFN_STACK", "Id": number, "CreatedTime": berlin(11, 9, 10), "ProductId": "prod-gov0database",
        "ProductName": "PostgreSQL for a team", "ProvisioningArtifactId": "pa-database1", **more,
    }  # fmt: skip


def executions() -> tuple[Row, ...]:
    """Return what was carried out: for the changes above, too early, and in the name of nobody."""
    found = [
        _execution(10 * number + attempt, *run)
        for number, (_, _, _, runs, _) in enumerate(_CHANGES, start=1)
        for attempt, run in enumerate(runs)
    ]
    found.append(_execution(900, _RESIZE, "Success", ("cluster/reporting",), _at(13, 15), _at(13, 15, 30)))
    found.append(_execution(901, _RESTART, "Success", ("i-0gov0hotfix",), _at(13, 23, 10), _at(13, 23, 20)))
    return tuple(found)


def _execution(
    number: int, name: str, status: str, targets: tuple[str, ...], begin: datetime, end: datetime | None
) -> Row:
    row: Row = {
        "AutomationExecutionId": _EXECUTION.format(number), "DocumentName": name, "DocumentVersion": "1",
        "AutomationExecutionStatus": status, "ExecutionStartTime": begin,
        "ExecutedBy": f"arn:aws:iam::{MANAGEMENT}:user/on-call", "Mode": "Auto", "AutomationType": "Local",
        "ResolvedTargets": {"ParameterValues": list(targets), "Truncated": False},
    }  # fmt: skip
    return row if end is None else {**row, "ExecutionEndTime": end}
