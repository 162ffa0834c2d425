"""Faults on demand: what AWS does on bad days, for chosen actions, so often as asked.

    handle.faults.throttle("config:SelectAggregateResourceConfig", times=3)
    handle.faults.deny("organizations:ListPolicies")
    handle.faults.empty_page("config:*", times=1)

An action is 'service:Operation' as in IAM, with `*` and `?`. Over HTTP: `POST /_stand-in/faults` with
`{"kind": "throttle", "action": "config:*", "times": 3}`, `GET` lists what is set, `DELETE` clears all.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, get_args

from governance.errors import GovernanceError

Kind = Literal[
    "throttle", "deny", "allow", "error", "empty_page", "delay", "expire", "disconnect", "partial", "stale"
]

CONTRIBUTOR_CAP = 25
"""Contributors counted before `CapExceeded`. The documentation says only "up to a maximum number":
https://docs.aws.amazon.com/config/latest/APIReference/API_ComplianceContributorCount.html
25 is what it says of rules: .../API_GetComplianceSummaryByConfigRule.html"""


@dataclass
class Fault:
    """One fault. `times` None: until cleared. `account`, `region` None: everywhere. `seconds`: of a delay."""

    kind: Kind
    action: str = "*"
    times: int | None = None
    account: str | None = None
    region: str | None = None
    code: str = "InternalFailure"
    message: str = "The request processing has failed because of an unknown error, exception or failure."
    status: int = 500
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise GovernanceError(f"unknown fault {self.kind!r}; known: {', '.join(get_args(Kind))}")
        if not re.fullmatch(r"[\w*?-]+(:[\w*?]+)?", self.action):
            raise GovernanceError(f"fault for {self.action!r}: write service:Operation, with * and ?")

    def concerns(self, action: str, account: str, region: str) -> bool:
        """Tell whether the fault is about this call."""
        return (
            self.times != 0
            and fnmatchcase(action, self.action)
            and self.account in (None, account)
            and self.region in (None, region)
        )


class Faults:
    """The faults that are set, and how often each action was called. Safe to use from any thread."""

    def __init__(self) -> None:
        self.contributor_cap = CONTRIBUTOR_CAP
        self.calls: Counter[str] = Counter()
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Set a fault; return it."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def throttle(self, action: str = "*", times: int | None = 1) -> Fault:
        """Answer as AWS does when calls come too fast."""
        return self.add(Fault("throttle", action, times))

    def deny(self, action: str, *, account: str | None = None, region: str | None = None) -> Fault:
        """Refuse an action for want of permission."""
        return self.add(Fault("deny", action, account=account, region=region))

    def allow_only(self, *actions: str) -> None:
        """Refuse every action but these."""
        for action in actions:
            self.add(Fault("allow", action))

    def error(
        self, action: str, code: str, *, status: int = 400, message: str = "", times: int | None = 1
    ) -> Fault:
        """Answer with this error."""
        return self.add(Fault("error", action, times, code=code, status=status, message=message or code))

    def fail(self, action: str = "*", times: int | None = 1) -> Fault:
        """Answer HTTP 500."""
        return self.add(Fault("error", action, times))

    def empty_page(self, action: str, times: int | None = 1) -> Fault:
        """Answer a page without members that still carries a token."""
        return self.add(Fault("empty_page", action, times))

    def delay(self, action: str, seconds: float, times: int | None = None) -> Fault:
        """Answer late."""
        return self.add(Fault("delay", action, times, seconds=seconds))

    def expire(self, action: str = "*", times: int | None = None) -> Fault:
        """Answer that the credentials have expired."""
        return self.add(Fault("expire", action, times))

    def disconnect(self, action: str = "*", times: int | None = 1) -> Fault:
        """Break off in the middle of the answer."""
        return self.add(Fault("disconnect", action, times))

    def partial(self, action: str, times: int | None = 1) -> Fault:
        """Do half of a batch and report the rest as failed, inside HTTP 200."""
        return self.add(Fault("partial", action, times))

    def stale(self, action: str, times: int | None = 1) -> Fault:
        """Answer a read as if the last write had not happened yet: eventual consistency."""
        return self.add(Fault("stale", action, times))

    def clear(self) -> None:
        """Forget every fault and every count."""
        with self._lock:
            self._faults.clear()
            self.calls.clear()
            self.contributor_cap = CONTRIBUTOR_CAP

    def listed(self) -> list[Fault]:
        """Return the faults that are still to come, in the order they were set."""
        with self._lock:
            return [fault for fault in self._faults if fault.times != 0]

    def strike(self, action: str, account: str, region: str) -> list[Fault]:
        """Count the call and return the faults that hit it: at most one of each kind, each used up once."""
        with self._lock:
            self.calls[action] += 1
            hits = {
                fault.kind: fault
                for fault in reversed(self._faults)
                if fault.kind != "allow" and fault.concerns(action, account, region)
            }
            if self._is_locked_out(action, account, region):
                hits["deny"] = Fault("deny", action)
            for fault in hits.values():
                if fault.times is not None:
                    fault.times -= 1
            return list(hits.values())

    def _is_locked_out(self, action: str, account: str, region: str) -> bool:
        allowed = [fault for fault in self._faults if fault.kind == "allow"]
        return bool(allowed) and not any(fault.concerns(action, account, region) for fault in allowed)
