"""The Resource Groups Tagging API over a World: tags of accounts, units and policies of the organization."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.organizations import arn
from governance.sandbox.aws.paging import page
from governance.sandbox.world import World

Row = dict[str, Any]

HOME = "us-east-1"
PAGE = 50
"""https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html"""


class OrganizationTags:
    """Handler of GetResources. Resources without tags are not listed, which AWS does only for a while.

    Tags of a global service are told in us-east-1, to the account that owns the resource: the management
    account. https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {"GetResources": self._resources}

    def _resources(self, call: Call) -> Row:
        size = call.arguments.get("ResourcesPerPage") or PAGE
        if not 1 <= size <= 100:
            message = "ResourcesPerPage must be between 1 and 100"
            raise ServiceError("InvalidParameterException", message)
        wanted = call.arguments.get("ResourceTypeFilters") or []
        here = call.place == (self._world.management_account, HOME)
        rows = [row for row in self._tagged() if here and _is_wanted(row["ResourceARN"], wanted)]
        found, token = page(call.action, rows, call.arguments, default=PAGE)
        return {"ResourceTagMappingList": found, "PaginationToken": token or ""}

    def _tagged(self) -> Iterator[Row]:
        world = self._world
        for account in sorted(world.accounts, key=lambda one: one.id):
            yield from _row(arn(world, "account", account.id), account.tags)
        for unit in world.units:
            yield from _row(arn(world, "ou", unit.id), unit.tags)
        for policy in world.policies:
            if not policy.aws_managed:
                yield from _row(arn(world, "policy", policy.type.lower(), policy.id), policy.tags)


def _row(name: str, tags: Mapping[str, str]) -> Iterator[Row]:
    if tags:
        pairs = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
        yield {"ResourceARN": name, "Tags": pairs}


def _is_wanted(name: str, filters: list[str]) -> bool:
    """`service` or `service:type` fits; without filters everything does."""
    parts = name.split(":", 5)
    kind = f"{parts[2]}:{parts[5].partition('/')[0]}"
    return not filters or any(one in (parts[2], kind) for one in filters)
