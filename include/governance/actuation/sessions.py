"""Clients of AWS Config in the places that are acted in, each under the permission of actuation alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

import boto3

from governance.actuation.policy import ActuationPolicy
from governance.errors import GovernanceError
from governance.observation.calls import Calls

ROLE_SESSION = "governance-act"
_SPARE = timedelta(minutes=5)
_OWN: dict[str, str] = {}


class _Place:
    """A session as `Calls.client` takes one, for one region, under given credentials."""

    def __init__(self, hub: boto3.Session, region: str, credentials: dict[str, str]) -> None:
        self._hub, self._more = hub, {"region_name": region, **credentials}

    def client(self, service: str, **arguments: Any) -> Any:
        return self._hub.client(service, **self._more, **arguments)  # type: ignore[call-overload]


@dataclass
class Clients:
    """Clients by account and region. `hub` is the session of the connection; other accounts are entered by
    the role of the policy, once for as long as its credentials last.
    """

    hub: boto3.Session
    policy: ActuationPolicy
    calls: Calls
    clock: Callable[[tzinfo | None], datetime] = datetime.now
    _account: str | None = None
    _credentials: dict[str, tuple[dict[str, str], datetime]] = field(default_factory=dict)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def config(self, account: str, region: str) -> Any:
        """Return a client of AWS Config there.

        Raises GovernanceError where no role leads there, ClientError where AWS does not let us in.
        """
        credentials = _OWN if account == self._own_account() else self._entered(account)
        key = (account, region)
        known = self._clients.get(key)
        if known is None or known[0] is not credentials:
            place: Any = _Place(self.hub, region, credentials)
            self._clients[key] = (credentials, self.calls.client(place, "config"))
        return self._clients[key][1]

    def _own_account(self) -> str:
        if self._account is None:
            self._account = str(self.calls.client(self.hub, "sts").get_caller_identity()["Account"])
        return self._account

    def _entered(self, account: str) -> dict[str, str]:
        known = self._credentials.get(account)
        if known is not None and self.clock(known[1].tzinfo) < known[1] - _SPARE:
            return known[0]
        if self.policy.member_role is None:
            raise GovernanceError(
                f"account {account} is not the one of the connection, "
                "and policies/actuation.yaml names no member_role"
            )
        external = {"ExternalId": self.policy.external_id} if self.policy.external_id else {}
        given = self.calls.client(self.hub, "sts").assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/{self.policy.member_role}",
            RoleSessionName=ROLE_SESSION,
            **external,
        )["Credentials"]
        entered = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        self._credentials[account] = (entered, given["Expiration"])
        return entered
