"""AWS Config in one account and region: remediation of rules, and exceptions from it, which can be written.

What is written lives as long as the stand-in. A read struck by `stale` sees the state before the last write.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.evaluations import Evaluations, Place
from governance.sandbox.aws.paging import page
from governance.sandbox.planes import Row as Told
from governance.sandbox.world import World

Row = dict[str, Any]
Key = tuple[str, str, str]
"""rule, resource type, resource id"""
Held = dict[Key, Told]

PAGE = 25
"""https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeRemediationExceptions.html"""


class Remediations:
    """Handlers of remediation configurations (read) and remediation exceptions (read, put, delete)."""

    def __init__(self, world: World, evaluations: Evaluations) -> None:
        self._world, self._evaluations = world, evaluations
        self._now_held = {place: _held(rows) for place, rows in world.planes.remediation_exceptions.items()}
        self._held_before: dict[Place, Held] = {}
        self._lock = threading.Lock()

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {
            "DescribeRemediationConfigurations": self._configurations,
            "DescribeRemediationExceptions": self._exceptions,
            "PutRemediationExceptions": self._put,
            "DeleteRemediationExceptions": self._delete,
        }

    def _configurations(self, call: Call) -> Row:
        """At most 25 rules are named at a time; a rule without remediation is simply not there."""
        wanted = set(call.arguments["ConfigRuleNames"])
        here = self._world.planes.remediations.get(call.place, ())
        return {"RemediationConfigurations": [dict(one) for one in here if one["ConfigRuleName"] in wanted]}

    def _exceptions(self, call: Call) -> Row:
        """Pages are for all of a rule; a batch of keys is answered whole.

        https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeRemediationExceptions.html
        """
        asked = call.arguments
        held = self._live(call.place, before="stale" in call.struck)
        rows = [dict(held[key]) for key in sorted(held) if key[0] == asked["ConfigRuleName"]]
        if asked.get("ResourceKeys"):
            wanted = {_key(asked["ConfigRuleName"], one) for one in asked["ResourceKeys"]}
            return {
                "RemediationExceptions": [row for row in rows if _key(row["ConfigRuleName"], row) in wanted]
            }
        limit = min(asked.get("Limit") or PAGE, PAGE)  # the model allows 25 in an answer
        found, token = page(call.action, rows, {**asked, "Limit": limit}, default=PAGE)
        return {"RemediationExceptions": found, "NextToken": token}

    def _live(self, place: Place, *, before: bool = False) -> Held:
        """Return what is held and has not expired: it is deleted at its expiration time.

        https://docs.aws.amazon.com/config/latest/APIReference/API_RemediationException.html
        """
        held = self._now_held.get(place, {})
        if before:
            held = self._held_before.get(place, held)
        return {
            key: row
            for key, row in held.items()
            if row.get("ExpirationTime") is None or row["ExpirationTime"] > self._world.now
        }

    def _put(self, call: Call) -> Row:
        """Exceptions are for NON_COMPLIANT resources only, and never for service-linked remediation.

        https://docs.aws.amazon.com/config/latest/APIReference/API_PutRemediationExceptions.html
        That these come back as failed batches inside HTTP 200 is how DESIGN.md reports AWS to behave.
        """
        rule = call.arguments["ConfigRuleName"]
        if rule not in self._evaluations.rules:
            raise ServiceError("InvalidParameterValueException", f"The config rule {rule} does not exist.")
        if any(not all(_key(rule, one)) for one in call.arguments["ResourceKeys"]):
            message = "A resource key needs a resource type and a resource id."
            raise ServiceError("InvalidParameterValueException", message)
        common = {name: call.arguments.get(name) for name in ("Message", "ExpirationTime")}
        rows = [{"ConfigRuleName": rule, **one, **common} for one in call.arguments["ResourceKeys"]]
        refused = self._refusals(call, rows)
        with self._lock:
            held = self._live(call.place)
            self._held_before[call.place] = dict(held)
            kept = {_key(rule, row): row for row in rows if _key(rule, row) not in refused}
            self._now_held[call.place] = {**held, **kept}
        return {"FailedBatches": _batches(refused, {_key(rule, row): row for row in rows})}

    def _refusals(self, call: Call, rows: list[Row]) -> dict[Key, str]:
        rule = call.arguments["ConfigRuleName"]
        keys = [_key(rule, row) for row in rows]
        if self._evaluations.rules[rule].created_by:
            return dict.fromkeys(keys, "Exceptions cannot be placed on service-linked remediation actions")
        broken = {
            (rule, row["resource_type"], row["resource_id"])
            for row in self._evaluations.of_rule(*call.place, rule)
            if row["compliance"] == "NON_COMPLIANT"
        }
        words = "Exceptions can only be performed on non-compliant resources"
        refused = {key: words for key in keys if key not in broken}
        return refused | self._partly(call, keys)

    def _delete(self, call: Call) -> Row:
        """An exception that is not there fails alone; where none is, the call itself is refused.

        https://docs.aws.amazon.com/config/latest/APIReference/API_DeleteRemediationExceptions.html
        (NoSuchRemediationExceptionException); the first half is a choice of this stand-in.
        """
        rule, asked = call.arguments["ConfigRuleName"], call.arguments["ResourceKeys"]
        keys = {_key(rule, one): dict(one) for one in asked}
        with self._lock:
            held = self._live(call.place)
            absent = [key for key in keys if key not in held]
            if len(absent) == len(keys):
                message = "The remediation exception you tried to delete does not exist."
                raise ServiceError("NoSuchRemediationExceptionException", message)
            refused = dict.fromkeys(absent, "The remediation exception does not exist")
            refused |= self._partly(call, list(keys))
            self._held_before[call.place] = dict(held)
            self._now_held[call.place] = {
                key: row for key, row in held.items() if key not in keys or key in refused
            }
        return {"FailedBatches": _batches(refused, keys)}

    @staticmethod
    def _partly(call: Call, keys: list[Key]) -> dict[Key, str]:
        half = keys[len(keys) // 2 :] if "partial" in call.struck else []
        return dict.fromkeys(half, "Internal failure, try again")


def _held(rows: tuple[Told, ...]) -> Held:
    return {_key(row["ConfigRuleName"], row): row for row in rows}


def _key(rule: str, row: Told) -> Key:
    return rule, row.get("ResourceType", ""), row.get("ResourceId", "")


def _batches(refused: Mapping[Key, str], rows: Mapping[Key, Row]) -> list[Row]:
    """One batch for each reason."""
    found: dict[str, list[Row]] = {}
    for key, why in refused.items():
        found.setdefault(why, []).append(rows[key])
    return [{"FailureMessage": why, "FailedItems": items} for why, items in found.items()]
