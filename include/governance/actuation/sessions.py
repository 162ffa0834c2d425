"""Clients of AWS Config in the places that are acted in, each under the permission of actuation alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import boto3

from governance.actuation.policy import ActuationPolicy
from governance.errors import GovernanceError
from governance.observation.calls import Calls
from governance.observation.member_sessions import MemberSessions, now_here
from governance.observation.rates import MemberPolicy

ROLE_SESSION = "governance-act"


@dataclass
class Clients:
    """Clients by account and region. `hub` is the session of the connection; other accounts are entered by
    the role of the policy, once for as long as its credentials last.
    """

    hub: boto3.Session
    policy: ActuationPolicy
    calls: Calls
    clock: Callable[[], datetime] = now_here

    def config(self, account: str, region: str) -> Any:
        """Return a client of AWS Config there.

        Raises GovernanceError where no role leads there, ClientError where AWS does not let us in.
        """
        if self.policy.member_role is None and account != self._sessions.hub:
            raise GovernanceError(
                f"account {account} is not the one of the connection, "
                "and policies/actuation.yaml names no member_role"
            )
        return self._sessions.client("config", account, region)

    @cached_property
    def _sessions(self) -> MemberSessions:
        entered = {"external_id": self.policy.external_id}
        if self.policy.member_role is not None:
            entered["role"] = self.policy.member_role
        policy = MemberPolicy(**entered)
        return MemberSessions(self.hub, policy, self.calls, clock=self.clock, name=ROLE_SESSION)
