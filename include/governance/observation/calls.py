"""Clients that count: every call over the wire and every throttle, as botocore's own events tell."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from governance.observation.rates import Pace

THROTTLES = frozenset({
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
    "RequestLimitExceeded", "TooManyRequestsException", "SlowDown", "LimitExceededException",
})  # fmt: skip

_CONFIG = Config(retries={"mode": "adaptive", "max_attempts": 8}, connect_timeout=10, read_timeout=60)


@dataclass
class Calls:
    """Calls made (retries included), throttles met, seconds since the count began; at a `pace` if given."""

    pace: Pace | None = None
    calls: int = 0
    throttles: int = 0
    began: float = field(default_factory=time.perf_counter)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def client(self, session: boto3.Session, service: str, config: Config | None = None, **more: Any) -> Any:
        """Return a client of the session whose traffic is counted here. Adaptive retries unless given.

        `more` goes to `session.client`: a region, or credentials of a role that was assumed.
        """
        client = session.client(service, config=config or _CONFIG, **more)  # type: ignore[call-overload]

        def sent(event_name: str, **_: Any) -> None:
            # botocore's events name the service in their own way ("config-service")
            self._sent(f"{iam_prefix(service)}:{event_name.rpartition('.')[2]}")

        client.meta.events.register(f"before-send.{service}", sent)
        client.meta.events.register(f"needs-retry.{service}", self._answered)
        return client

    @property
    def seconds(self) -> float:
        """Seconds since the count began."""
        return round(time.perf_counter() - self.began, 3)

    def _sent(self, action: str) -> None:
        with self._lock:
            self.calls += 1
        if self.pace is not None:
            self.pace.wait(action)

    def _answered(self, response: Any = None, **_: Any) -> None:
        if response is not None and response[1].get("Error", {}).get("Code") in THROTTLES:
            with self._lock:
                self.throttles += 1


def iam_prefix(service: str) -> str:
    """Return how IAM names a service that boto3 names.

    >>> iam_prefix("resourcegroupstaggingapi"), iam_prefix("config")
    ('tag', 'config')
    """
    return {"resourcegroupstaggingapi": "tag"}.get(service, service)


def in_words(error: ClientError) -> str:
    """One line: the operation, AWS's error code and its message."""
    detail = error.response.get("Error", {})
    message = " ".join(str(detail.get("Message", "")).split())
    return f"{error.operation_name}: {detail.get('Code', 'unknown error')}: {message}"[:500]
