"""Decisions taken here, about requests that were submitted here. Those of other sources are decided there.

A decision that breaks the table of transitions is refused with the reason; so is one that its requester
takes, or somebody who decides neither as its accountable owner nor for them, and the approval of an exception
without an end or beyond `policies/exception_limits.yaml`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from governance import resources
from governance.errors import GovernanceError
from governance.register import ownership
from governance.register.chain import append_block
from governance.register.exception_limits import ExceptionLimits
from governance.register.ownership import OwnershipPolicy
from governance.register.request import check_transition

FORM = "form"
"""The one source whose requests are decided here."""
DECIDED = ("approved", "rejected")
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


@dataclass(frozen=True)
class Decision:
    """What becomes of a request: its new status, who says so, and why."""

    status: str
    by: str
    reason: str = ""


def decide(
    connection: Connection,
    request_id: str,
    decision: Decision,
    *,
    limits: ExceptionLimits,
    owners: OwnershipPolicy,
    at: datetime,
) -> None:
    """Record a decision at `at`; raises GovernanceError with the reason where it may not be taken.

    The caller owns the transaction; two decisions about one request wait for each other.
    """
    statement = text(resources.sql("register/request_to_decide.sql"))
    request = connection.execute(statement, {"request_id": request_id}).mappings().first()
    if request is None:
        raise GovernanceError(f"the register knows no {request_id}")
    check(dict(request), decision, limits, at)
    if decision.status in DECIDED:
        ownership.store(connection, owners)
        _check_decider(connection, dict(request), decision.by)
    told = {"status": decision.status, "by": decision.by, "reason": decision.reason}
    append_block(
        connection,
        "decided",
        {
            "number": request["request_number"],
            "status": decision.status,
            "by": decision.by,
            "known_at": at,
            "run_id": None,
            "changes": json.dumps(_changes(decision, at)),
            "dropped": ["decided_by", "decided_at"] if decision.status == "submitted" else [],
            "decision": json.dumps({name: value for name, value in told.items() if value}),
        },
    )


def check(request: Mapping[str, Any], decision: Decision, limits: ExceptionLimits, at: datetime) -> None:
    """Raise GovernanceError where this decision about this request may not be taken."""
    name = request["request_id"]
    if request["source"] != FORM:
        where = request["source_url"] or f"source {request['source']}"
        raise GovernanceError(f"{name} is decided where it was asked for, not here: {where}")
    try:
        check_transition(request["status"], decision.status)
    except GovernanceError as error:
        raise GovernanceError(f"{name}: {error}") from error
    if _EMAIL.fullmatch(decision.by) is None:
        raise GovernanceError(f"by {decision.by!r}: expected the mail address of whoever decides")
    if at < request["valid_at"]:
        raise GovernanceError(
            f"{name} took a later step already, on {request['valid_at']:%Y-%m-%d %H:%M} UTC"
        )
    if decision.status in DECIDED and decision.by.casefold() == str(request["requester"] or "").casefold():
        raise GovernanceError(f"{name} was asked for by {decision.by}: somebody else decides")
    if decision.status == "approved" and request["kind"] == "exception":
        _check_exception(request, limits, at)


def _check_decider(connection: Connection, request: Mapping[str, Any], by: str) -> None:
    if not ownership.may_decide(connection, request["owner"], request["owner_rule"], by):
        raise GovernanceError(
            f"{request['request_id']} is decided by {request['owner'] or 'the authority'}, their manager or "
            f"the authority: {by} is none of them, nor a delegate by policies/ownership.yaml"
        )


def _check_exception(request: Mapping[str, Any], limits: ExceptionLimits, at: datetime) -> None:
    name, until = request["request_id"], request["valid_until"]
    if until is None or not request["scopes"]:
        missing = "an end (valid_until)" if until is None else "a scope"
        raise GovernanceError(f"{name} has no {missing}: an exception without one is not approved")
    if until <= at:
        raise GovernanceError(f"{name} ended on {until:%Y-%m-%d}: there is nothing left to approve")
    limit = limits.of(request["category"], request["risk_level"])
    if limit is None:
        raise GovernanceError(f"{name}: no limit of exception_limits.yaml fits it, so nobody may approve it")
    days = (until - (request["valid_from"] or at)).total_seconds() / 86_400
    if days > limit.max_days:
        raise GovernanceError(
            f"{name} would last {days:.0f} days: at most {limit.max_days:g} fit its risk and category"
        )
    if request["renewals"] > limit.max_renewals:
        raise GovernanceError(
            f"{name} is renewal {request['renewals']}: at most {limit.max_renewals} are allowed"
        )


def _changes(decision: Decision, at: datetime) -> dict[str, str]:
    instant = at.astimezone(UTC).isoformat()
    if decision.status in DECIDED:
        return {"decided_by": decision.by, "decided_at": instant}
    return {"fulfilled_at": instant} if decision.status == "fulfilled" else {}
