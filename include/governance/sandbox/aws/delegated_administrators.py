"""AWS Organizations over a World: member accounts that administer a service for all."""

from __future__ import annotations

from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.organizations import account_row, listed, management_only
from governance.sandbox.world import World

Row = dict[str, Any]


class DelegatedAdministrators:
    """Handlers for the management account and for delegated administrators themselves."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts = {account.id: account for account in world.accounts}

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return management_only(
            self._world,
            {
                "ListDelegatedAdministrators": self._administrators,
                "ListDelegatedServicesForAccount": self._services,
            },
        )

    def _administrators(self, call: Call) -> Row:
        """https://docs.aws.amazon.com/organizations/latest/APIReference/API_DelegatedAdministrator.html"""
        service = call.arguments.get("ServicePrincipal")
        rows = []
        for one in self._world.planes.delegations:
            if service is None or service in one.services:
                row = account_row(self._world, self._accounts[one.account])
                del row["Paths"]
                rows.append({**row, "DelegationEnabledDate": one.since})
        return listed(call, "DelegatedAdministrators", rows)

    def _services(self, call: Call) -> Row:
        account = call.arguments["AccountId"]
        rows = [
            {"ServicePrincipal": service, "DelegationEnabledDate": one.since}
            for one in self._world.planes.delegations
            if one.account == account
            for service in one.services
        ]
        if not rows:
            raise ServiceError(
                "AccountNotRegisteredException",
                "The specified account is not a delegated administrator for this AWS service.",
            )
        return listed(call, "DelegatedServices", rows)
