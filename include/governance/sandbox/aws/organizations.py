"""AWS Organizations over a World: accounts, units and where they are.

Served from the service model rather than by moto: moto draws ids and join dates itself, knows only accounts
that are ACTIVE or were closed (not PENDING_CLOSURE or CLOSED), gives no `Paths`, and pages by 100 where AWS
pages by 20. What is served here is fixed and read-only, so that answers are the scenario's to the letter,
and faults, validation and paging are those of every other modelled service.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.paging import page
from governance.sandbox.world import Account, Unit, World

PAGE = 20
"""Members of a page at most, and when `MaxResults` is absent: the range of MaxResults in the model."""

STATUS_RETIRED = datetime(2026, 9, 9, tzinfo=UTC)
"""https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html"""

Row = dict[str, Any]


def arn(world: World, kind: str, *parts: str) -> str:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html"""
    tail = "/".join((world.organization_id, *parts))
    return f"arn:aws:organizations::{world.management_account}:{kind}/{tail}"


def management_only(world: World, handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """Return the handlers, refusing every account but the management account and delegated administrators.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
    """
    allowed = {world.management_account, *(one.account for one in world.planes.delegations)}

    def guarded(handler: Handler) -> Handler:
        def answer(call: Call) -> Row:
            if call.account not in allowed:
                raise ServiceError(
                    "AccessDeniedException", "You don't have permissions to access this resource."
                )
            return handler(call)

        return answer

    return {name: guarded(handler) for name, handler in handlers.items()}


def listed(call: Call, member: str, rows: list[Row]) -> Row:
    """Return a page of `rows` as an answer."""
    found, token = page(call.action, rows, call.arguments, default=PAGE)
    return {member: found, "NextToken": token}


def absent(what: str, words: str) -> ServiceError:
    """Return the error for something that is not in the organization."""
    return ServiceError(f"{what}NotFoundException", f"You specified {words} that doesn't exist.")


def account_row(world: World, account: Account) -> Row:
    """Return an account as Organizations shows it, with `Status` until the day that was retired."""
    row = {
        "Id": account.id,
        "Arn": arn(world, "account", account.id),
        "Email": account.email,
        "Name": account.name,
        "State": account.state,
        "Paths": [world.path_of(account)],
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": account.joined_at,
    }
    if world.now < STATUS_RETIRED and account.state in ("ACTIVE", "SUSPENDED", "PENDING_CLOSURE"):
        row["Status"] = account.state
    return row


class Organizations:
    """Handlers of the organization's read operations, for its management account."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._units = {unit.id: unit for unit in world.units}
        self._accounts = {account.id: account for account in world.accounts}

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        administrators_only: dict[str, Handler] = {
            "ListAccounts": self._list_accounts,
            "DescribeAccount": self._describe_account,
            "ListRoots": self._list_roots,
            "ListOrganizationalUnitsForParent": self._list_units,
            "DescribeOrganizationalUnit": self._describe_unit,
            "ListAccountsForParent": self._list_accounts_for_parent,
            "ListParents": self._list_parents,
            "ListChildren": self._list_children,
        }
        guarded = management_only(self._world, administrators_only)
        return {**guarded, "DescribeOrganization": self._describe_organization}

    def _describe_organization(self, _: Call) -> Row:
        world = self._world
        master = self._accounts[world.management_account]
        return {
            "Organization": {
                "Id": world.organization_id,
                "Arn": f"arn:aws:organizations::{master.id}:organization/{world.organization_id}",
                "FeatureSet": "ALL",
                "MasterAccountArn": arn(self._world, "account", master.id),
                "MasterAccountId": master.id,
                "MasterAccountEmail": master.email,
                "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
            }
        }

    @cached_property
    def _account_rows(self) -> dict[str, Row]:
        return {
            account.id: account_row(self._world, account)
            for account in sorted(self._world.accounts, key=lambda a: a.id)
        }

    def _list_accounts(self, call: Call) -> Row:
        return listed(call, "Accounts", list(self._account_rows.values()))

    def _describe_account(self, call: Call) -> Row:
        found = self._account_rows.get(call.arguments["AccountId"])
        if found is None:
            raise absent("Account", "an account")
        return {"Account": found}

    def _list_accounts_for_parent(self, call: Call) -> Row:
        inside = self._children[self._parent(call)][0]
        return listed(call, "Accounts", [self._account_rows[account] for account in inside])

    @cached_property
    def _children(self) -> Mapping[str, tuple[list[str], list[str]]]:
        """Parent -> ids of its accounts and of its units."""
        found: dict[str, tuple[list[str], list[str]]] = {
            parent: ([], []) for parent in (self._world.root_id, *self._units)
        }
        for account in sorted(self._accounts.values(), key=lambda one: one.id):
            found[account.parent_id][0].append(account.id)
        for unit in self._world.units:
            found[unit.parent_id][1].append(unit.id)
        return found

    def _parent(self, call: Call) -> str:
        parent: str = call.arguments["ParentId"]
        if parent not in self._children:
            raise absent("Parent", "a root or OU")
        return parent

    def _list_roots(self, call: Call) -> Row:
        kinds = sorted({policy.type for policy in self._world.policies})
        root = {
            "Id": self._world.root_id,
            "Arn": arn(self._world, "root", self._world.root_id),
            "Name": "Root",
            "PolicyTypes": [{"Type": kind, "Status": "ENABLED"} for kind in kinds],
        }
        return listed(call, "Roots", [root])

    def _unit(self, unit: Unit) -> Row:
        path = [unit.id]
        while (parent := self._units[path[0]].parent_id) in self._units:
            path.insert(0, parent)
        chain = "/".join((self._world.organization_id, self._world.root_id, *path)) + "/"
        return {"Id": unit.id, "Arn": arn(self._world, "ou", unit.id), "Name": unit.name, "Path": chain}

    def _list_units(self, call: Call) -> Row:
        inside = self._children[self._parent(call)][1]
        return listed(call, "OrganizationalUnits", [self._unit(self._units[unit]) for unit in inside])

    def _describe_unit(self, call: Call) -> Row:
        unit = self._units.get(call.arguments["OrganizationalUnitId"])
        if unit is None:
            raise absent("OrganizationalUnit", "an OU")
        return {"OrganizationalUnit": self._unit(unit)}

    def _list_parents(self, call: Call) -> Row:
        child = call.arguments["ChildId"]
        found = self._accounts.get(child) or self._units.get(child)
        if found is None:
            raise absent("Child", "an account or OU")
        kind = "ROOT" if found.parent_id == self._world.root_id else "ORGANIZATIONAL_UNIT"
        return listed(call, "Parents", [{"Id": found.parent_id, "Type": kind}])

    def _list_children(self, call: Call) -> Row:
        accounts, units = self._children[self._parent(call)]
        kind = call.arguments["ChildType"]
        inside = accounts if kind == "ACCOUNT" else units
        return listed(call, "Children", [{"Id": child, "Type": kind} for child in inside])
