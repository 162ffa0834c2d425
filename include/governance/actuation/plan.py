"""What would be called so that AWS agrees with the register, and what is left alone, with the reason.

The plan is worked out anew each time from what was observed, what is approved now, and what was done since
the snapshot; it does not remember.

https://docs.aws.amazon.com/config/latest/APIReference/API_PutRemediationExceptions.html
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from governance import resources
from governance.actuation.policy import ActuationPolicy
from governance.reconciliation import engine, remediation
from governance.reconciliation.frames import rows

PUT, DELETE = "PutRemediationExceptions", "DeleteRemediationExceptions"
KEYS_PER_CALL = 100
"""Resource keys of one call, of each of the operations."""

Key = tuple[str, str]
"""Resource type, resource id."""
Place = tuple[str, str, str, str, str]
"""Account, region, rule, resource type, resource id."""


@dataclass(frozen=True)
class Call:
    """One call about resources of one rule in one place, for one approval. `ends` None: it deletes."""

    operation: str
    account: str
    region: str
    rule: str
    request_number: int | None
    request_id: str | None
    ends: datetime | None
    keys: tuple[Key, ...]

    def arguments(self, action_id: str) -> dict[str, Any]:
        """Return the arguments as boto3 takes them, but times as text; the message names the action."""
        asked: dict[str, Any] = {
            "ConfigRuleName": self.rule,
            "ResourceKeys": [{"ResourceType": kind, "ResourceId": name} for kind, name in self.keys],
        }
        if self.operation == PUT and self.ends is not None:
            asked["Message"] = f"{self.request_id} ({action_id}, governance register)"
            asked["ExpirationTime"] = self.ends.isoformat()
        return asked


@dataclass(frozen=True)
class Plan:
    """Calls in the order in which they are made; resources `left` alone by reason; places not known."""

    snapshot_id: str
    at: datetime
    calls: list[Call]
    left: dict[str, int]
    gaps: list[tuple[str, str]]

    def resources(self, operation: str) -> int:
        """Return how many resources the calls of an operation are about."""
        return sum(len(call.keys) for call in self.calls if call.operation == operation)


@dataclass(frozen=True)
class Known:
    """What the history of actions tells: which messages are ours, for which request; what was done since."""

    ours: dict[tuple[Place, str], int | None]
    effects: dict[Place, Any]


def plan(
    connection: Connection,
    policy: ActuationPolicy,
    *,
    now: datetime,
    policies: Path,
    lake: str | None = None,
    memory: str = engine.MEMORY,
) -> Plan:
    """Return what would be called at `now` (UTC). Nothing is asked of AWS, nothing written.

    Raises GovernanceError where no snapshot is there, DocumentError where a policy is wrong.
    """
    compared = remediation.compare(connection, now, policies, lake, memory)
    known = known_actions(connection, compared.as_of)
    judged = [(_judge(row, known, policy), row) for row in rows(compared.items)]
    left = Counter(reason for (operation, reason), _ in judged if operation is None and reason)
    calls = _calls([(operation, row) for (operation, _), row in judged if operation], known)
    return Plan(compared.snapshot_id, now, calls, dict(sorted(left.items())), compared.gaps)


def known_actions(connection: Connection, since: datetime) -> Known:
    """Read the history of actions; `since` is the instant of the snapshot, which shows nothing later."""
    ours = connection.execute(text(resources.sql("actuation/put_here.sql")))
    effects = connection.execute(text(resources.sql("actuation/effects.sql")), {"since": since})
    return Known(
        {(place(row), str(row.message)): row.request_number for row in ours},
        {place(row): row for row in effects},
    )


def place(row: Any) -> Place:
    """Return what an exception from remediation is about."""
    return row.account, row.region, row.rule, row.resource_type, row.resource_id


def to_second(instant: datetime) -> datetime:
    """Return an instant without its fraction of a second: an end is never later than it was approved."""
    return instant.astimezone(UTC).replace(microsecond=0)


def _judge(row: Any, known: Known, policy: ActuationPolicy) -> tuple[str | None, str | None]:
    """Return the operation that a resource needs, or None and why it is left alone (None: nothing to say)."""
    there, message, ends = _at_aws(row, known)
    is_ours = there and (place(row), str(message)) in known.ours
    wanted = _wanted(row, there, is_ours, ends)
    if wanted is None or wanted not in (PUT, DELETE):
        return None, wanted
    allowed = policy.remediation_exceptions
    if row.linked:
        return None, f"rule or remediation is one of {row.linked}: AWS takes no exceptions for it"
    if not allowed.is_in_reach(row.account, row.region, row.rule):
        return None, "out of reach of policies/actuation.yaml"
    if not (allowed.put if wanted == PUT else allowed.delete):
        return None, f"policies/actuation.yaml allows no {wanted}"
    return wanted, None


def _wanted(row: Any, there: bool, is_ours: bool, ends: datetime | None) -> str | None:
    """Return PUT, DELETE, or in words why neither; None where all is as it should be."""
    if row.approval == "unseen":
        return "excepted, but not seen as non-compliant in fresh evidence" if is_ours else None
    if row.approval == "uncertain":
        return "a global resource that is approved in another region only"
    if row.approval == "unapproved":
        return (DELETE if is_ours else "excepted without approval, and not from here") if there else None
    if not there:
        return PUT
    if ends is not None and to_second(ends) == to_second(row.ends):
        return None
    return PUT if is_ours else "excepted until another end than approved, and not from here"


def _at_aws(row: Any, known: Known) -> tuple[bool, Any, datetime | None]:
    """Return whether an exception is there, its message and its end: the snapshot, and what came after it."""
    done = known.effects.get(place(row))
    if done is None:
        return row.present, row.message, row.expires_at
    if done.operation == DELETE:
        return False, None, None
    return True, done.message, datetime.fromisoformat(done.expires_at)


def _calls(wanted: list[tuple[str, Any]], known: Known) -> list[Call]:
    """Put together what one call can do: puts before deletes, so that nothing approved waits behind them."""
    singles = [_single(operation, row, known) for operation, row in wanted]
    order = sorted(singles, key=lambda one: (one.operation == DELETE, *_shared(one)[1:], one.keys))
    calls = []
    for _, group in groupby(order, key=_shared):
        together = list(group)
        for begin in range(0, len(together), KEYS_PER_CALL):
            some = together[begin : begin + KEYS_PER_CALL]
            first = some[0]
            calls.append(
                Call(first.operation, first.account, first.region, first.rule, first.request_number,
                     first.request_id, first.ends, tuple(key for one in some for key in one.keys))
            )  # fmt: skip
    return calls


def _single(operation: str, row: Any, known: Known) -> Call:
    key = ((row.resource_type, row.resource_id),)
    if operation == PUT:
        return Call(operation, row.account, row.region, row.rule, int(row.request_number), row.request_id,
                    to_second(row.ends), key)  # fmt: skip
    message = str(_at_aws(row, known)[1])
    number = known.ours[place(row), message]
    request_id = message.partition(" ")[0]
    return Call(operation, row.account, row.region, row.rule, number, request_id, None, key)


def _shared(call: Call) -> tuple[Any, ...]:
    ends = call.ends.isoformat() if call.ends else ""
    return call.operation, call.account, call.region, call.rule, call.request_number or 0, ends
