"""Carry a plan out: look again, write down the intent, call, write down the answer; one call after the other.

A kill between any two of these repeats nothing wrong: the next run looks again before it calls, and first
finds out what became of intents without an outcome. AWS reports single resources that failed inside HTTP 200:
https://docs.aws.amazon.com/config/latest/APIReference/API_FailedRemediationExceptionBatch.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy import Engine, text

from governance.actuation.actions import Action, History
from governance.actuation.plan import DELETE, PUT, Call, Key, Plan, known_actions, to_second
from governance.actuation.policy import ActuationPolicy, require_enabled
from governance.actuation.sessions import Clients
from governance.errors import GovernanceError, SourceUnavailableError
from governance.observation.calls import in_words

_METHODS = {PUT: "put_remediation_exceptions", DELETE: "delete_remediation_exceptions"}
_ABSENT = "NoSuchRemediationExceptionException"


@dataclass
class Done:
    """What a run did, in resources: `put`, `deleted`, `already` as wanted when looked at again.

    `settled` counts actions of earlier runs whose outcome was found, `failed` says of each resource or call
    in words why it was not done, `actions` are the calls that were made.
    """

    put: int = 0
    deleted: int = 0
    already: int = 0
    settled: int = 0
    actions: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """One run of a plan: its history and clients, and what is known to stem from here (place, message)."""

    history: History
    clients: Clients
    ours: frozenset[tuple[Any, str]]
    done: Done
    snapshot_id: str

    def act(self, call: Call) -> None:
        """Make one call, unless looking again shows that nothing is left to do."""
        try:
            client = self.clients.config(call.account, call.region)
            held = _held(client, call.rule, call.keys)
        except (ClientError, GovernanceError) as error:
            self._failed(call.account, call.region, call.rule, len(call.keys), error)
            return
        needed = replace(
            call, keys=tuple(key for key in call.keys if self._is_needed(call, key, held.get(key)))
        )
        self.done.already += len(call.keys) - len(needed.keys)
        if needed.keys:
            self._call(client, needed)

    def _is_needed(self, call: Call, key: Key, there: dict[str, Any] | None) -> bool:
        place = (call.account, call.region, call.rule, *key)
        is_ours = there is not None and (place, str(there.get("Message"))) in self.ours
        if call.operation == DELETE:
            return is_ours
        if there is None or call.ends is None:
            return there is None
        ends = there.get("ExpirationTime")
        return is_ours and (ends is None or to_second(ends) != call.ends)

    def _call(self, client: Any, call: Call) -> None:
        action = self.history.intend(call, {"snapshot": self.snapshot_id, "request": call.request_id})
        self.done.actions.append(action.action_id)
        asked = {**action.arguments}
        if call.operation == PUT:
            asked["ExpirationTime"] = call.ends
        try:
            answer = getattr(client, _METHODS[call.operation])(**asked)
        except ClientError as error:
            self._refused(action, call, error)
        except BotoCoreError as error:
            words = str(error).splitlines()[0]
            self.history.tell(action, "unclear", {"error": words})
            raise SourceUnavailableError(f"{action.action_id}: no answer of AWS: {words}") from error
        else:
            self._answered(action, call, answer)

    def _answered(self, action: Action, call: Call, answer: dict[str, Any]) -> None:
        reasons = {
            _key(item): batch.get("FailureMessage", "no reason given")
            for batch in answer.get("FailedBatches", [])
            for item in batch.get("FailedItems", [])
        }
        done = [key for key in call.keys if key not in reasons]
        failed = [{**_named(key), "why": why} for key, why in reasons.items()]
        response = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        told = {"response": response, "request_id": answer["ResponseMetadata"].get("RequestId"),
                "done": [_named(key) for key in done], "failed": failed}  # fmt: skip
        self.history.tell(action, "answered", told)
        if call.operation == PUT:
            self.done.put += len(done)
        else:
            self.done.deleted += len(done)
        self.done.failed += [
            f"{action.action_id} {call.account} {call.region} {call.rule} {kind} {name}: {why}"
            for (kind, name), why in reasons.items()
        ]

    def _refused(self, action: Action, call: Call, error: ClientError) -> None:
        told = {"error": error.response.get("Error", {}), "words": in_words(error)}
        self.history.tell(action, "refused", told)
        if call.operation == DELETE and error.response.get("Error", {}).get("Code") == _ABSENT:
            self.done.already += len(call.keys)  # gone between looking and calling
            return
        self._failed(call.account, call.region, call.rule, len(call.keys), error)

    def settle(self, action: Action) -> None:
        """Find out what became of an action that has no outcome, by looking at its resources now."""
        keys = tuple(_key(one) for one in action.arguments["ResourceKeys"])
        try:
            held = _held(self.clients.config(action.account, action.region), action.rule, keys)
        except (ClientError, GovernanceError) as error:
            self._failed(action.account, action.region, action.rule, len(keys), error)
            return
        message = action.arguments.get("Message")
        done = [
            key for key in keys
            if (held.get(key, {}).get("Message") == message if action.operation == PUT else key not in held)
        ]  # fmt: skip
        missing = [{**_named(key), "why": "not found afterwards"} for key in keys if key not in done]
        self.history.tell(action, "found", {"done": [_named(key) for key in done], "failed": missing})
        self.done.settled += 1

    def _failed(self, account: str, region: str, rule: str, keys: int, error: Exception) -> None:
        words = in_words(error) if isinstance(error, ClientError) else str(error)
        self.done.failed.append(f"{account} {region} {rule}, {keys} resource(s): {words}")


def check(plan: Plan, policy: ActuationPolicy) -> None:
    """Raise GovernanceError where the policy does not let this plan be carried out."""
    require_enabled(policy)
    limits = policy.remediation_exceptions
    for operation, most, key in (
        (PUT, limits.max_puts, "max_puts"),
        (DELETE, limits.max_deletes, "max_deletes"),
    ):
        found = plan.resources(operation)
        if found > most:
            raise GovernanceError(
                f"{operation} for {found:,} resources, and policies/actuation.yaml allows {key}: {most:,} in "
                "one run: nothing was called; look at the plan, then raise the limit or narrow the reach"
            )


def settle(history: History, clients: Clients, done: Done) -> None:
    """Find out what became of intents without an outcome, of runs that were killed. Under `one_at_a_time`."""
    run = Run(history, clients, frozenset(), done, "")
    for action in history.unsettled():
        run.settle(action)


def apply(engine: Engine, plan: Plan, history: History, clients: Clients, done: Done) -> None:
    """Make the calls of a plan that `check` let pass. Under `one_at_a_time`.

    Raises SourceUnavailableError where AWS gives no answer; what was done until then is in the history.
    """
    with engine.connect() as connection:
        known = known_actions(connection, plan.at)
    run = Run(history, clients, frozenset(known.ours), done, plan.snapshot_id)
    for call in plan.calls:
        run.act(call)


@contextmanager
def one_at_a_time(engine: Engine) -> Iterator[None]:
    """Hold the right to act; raises GovernanceError where another run holds it."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = {"key": "governance.actuation"}
        if not connection.scalar(text("SELECT pg_try_advisory_lock(hashtext(:key))"), key):
            raise GovernanceError("another run is acting right now: try again when it has ended")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtext(:key))"), key)


def _held(client: Any, rule: str, keys: tuple[Key, ...]) -> dict[Key, dict[str, Any]]:
    """Return the exceptions that AWS holds now for these resources."""
    try:
        found = client.describe_remediation_exceptions(
            ConfigRuleName=rule, ResourceKeys=[_named(key) for key in keys]
        )
    except BotoCoreError as error:
        raise SourceUnavailableError(f"no answer of AWS: {str(error).splitlines()[0]}") from error
    return {_key(one): one for one in found["RemediationExceptions"]}


def _key(item: dict[str, Any]) -> Key:
    return str(item.get("ResourceType")), str(item.get("ResourceId"))


def _named(key: Key) -> dict[str, str]:
    return {"ResourceType": key[0], "ResourceId": key[1]}
