"""Clients in accounts of the organization: a role that the hub assumes, once per account and lifetime.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from governance.observation.calls import Calls
from governance.observation.rates import MemberPolicy

SESSION_NAME = "governance-observation"
EARLY = timedelta(minutes=5)
"""So long before its end a session is not used for anything new."""


def now_here() -> datetime:
    """AWS tells the end of a session by its own clock, so this is asked of the machine's."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class _Session:
    credentials: dict[str, str]
    expires_at: datetime


@dataclass
class MemberSessions:
    """Sessions of one role in many accounts. A refusal is remembered like a session, and not asked twice.

    `name` is what CloudTrail calls them.
    """

    session: boto3.Session
    policy: MemberPolicy
    traffic: Calls
    config: Config | None = None
    clock: Callable[[], datetime] = now_here
    name: str = SESSION_NAME
    _sessions: dict[str, _Session] = field(default_factory=dict, init=False, repr=False)
    _refusals: dict[str, ClientError] = field(default_factory=dict, init=False, repr=False)
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    def client(self, service: str, account: str, region: str) -> Any:
        """Return a client in an account and region, its traffic counted; raises ClientError where refused.

        The hub acts in its own account as what it is.
        """
        more = {} if account == self.hub else self._credentials(account)
        return self.traffic.client(self.session, service, self.config, region_name=region, **more)

    @property
    def hub(self) -> str:
        """The account of the hub itself; asked once."""
        if not hasattr(self, "_hub"):
            self._hub: str = self._sts().get_caller_identity()["Account"]
        return self._hub

    def _credentials(self, account: str) -> dict[str, str]:
        with self._lock:
            if account in self._refusals:
                raise self._refusals[account]
            held = self._sessions.get(account)
            if held is None or held.expires_at - EARLY <= self.clock():
                held = self._sessions[account] = self._assumed(account)
            return held.credentials

    def _assumed(self, account: str) -> _Session:
        more = {"ExternalId": self.policy.external_id} if self.policy.external_id else {}
        try:
            given = self._sts().assume_role(
                RoleArn=f"arn:{self._partition}:iam::{account}:role/{self.policy.role}",
                RoleSessionName=self.name,
                DurationSeconds=self.policy.session_minutes * 60,
                **more,
            )["Credentials"]
        except ClientError as error:
            self._refusals[account] = error
            raise
        credentials = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        return _Session(credentials, given["Expiration"])

    @property
    def _partition(self) -> str:
        return self.session.get_partition_for_region(self.session.region_name or "us-east-1")

    def _sts(self) -> Any:
        return self.traffic.client(self.session, "sts", self.config)
