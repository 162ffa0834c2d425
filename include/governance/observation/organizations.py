"""What AWS Organizations says: accounts and where they are, units, policies and what they are attached to.

`Account.Status` is retired since 2026-09-09; `State` is read first. `ListAccounts` carries `Paths`, so the
place of an account needs no further call; only where they are absent are the units asked one by one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from governance.observation.datasets import (
    ACCOUNTS,
    ADMINISTRATORS,
    ORGANIZATION_TAGS,
    POLICIES,
    POLICY_TARGETS,
    UNITS,
)
from governance.observation.listings import Listing, Size, pages
from governance.observation.paging import Row, columns, paged

PAGE = 20
"""Rows of a page of Organizations: the most that its listings return.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
"""

TAGS_PAGE = 100
TAGGED = [f"organizations:{kind}" for kind in ("account", "ou", "policy", "root")]
TAGS_REGION = "us-east-1"
"""Organizations is a global service; its tags are told where such services are.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/overview.html
"""


def _pages(client: Any, operation: str, key: str, **arguments: Any) -> Iterator[Row]:
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page.get(key, [])


def _tree(client: Any) -> Iterator[Row]:
    """Yield every unit below the roots, parents first; `path` holds names, `ids` the chain of ids."""
    pending = [(root["Id"], "", root["Id"]) for root in _pages(client, "list_roots", "Roots")]
    while pending:
        parent, path, ids = pending.pop()
        units = _pages(client, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent)
        for unit in units:
            names = f"{path}/{unit['Name']}" if path else unit["Name"]
            chain = f"{ids}/{unit['Id']}"
            yield {"unit": unit["Id"], "name": unit["Name"], "parent": parent, "path": names, "ids": chain}
            pending.append((unit["Id"], names, chain))


def _units(client: Any) -> Iterator[Row]:
    for root in _pages(client, "list_roots", "Roots"):
        yield {"unit": root["Id"], "name": root["Name"], "parent": None, "path": ""}
    yield from ({name: unit[name] for name in UNITS.schema.names} for unit in _tree(client))


def _accounts(client: Any) -> Iterator[Row]:
    accounts = list(_pages(client, "list_accounts", "Accounts"))
    places = {account["Id"]: _place(account) for account in accounts}
    if None in places.values():
        places.update(_crawl(client))
    for account in accounts:
        yield {
            "account": account["Id"],
            "name": account.get("Name"),
            "email": account.get("Email"),
            "state": account.get("State") or account.get("Status"),
            "units": places.get(account["Id"]),
            "joined_at": account.get("JoinedTimestamp"),
        }


def _place(account: Row) -> str | None:
    """Return 'r-ab12/ou-.../ou-...' out of 'o-.../r-ab12/ou-.../ou-.../<account>/'."""
    for path in account.get("Paths") or ():
        parts = path.strip("/").split("/")
        if parts[-1] == account["Id"]:
            parts.pop()
        return "/".join(part for part in parts if not part.startswith("o-"))
    return None


def _crawl(client: Any) -> dict[str, str]:
    places = {root["Id"]: root["Id"] for root in _pages(client, "list_roots", "Roots")}
    places.update({unit["unit"]: unit["ids"] for unit in _tree(client)})
    return {
        account["Id"]: chain
        for parent, chain in places.items()
        for account in _pages(client, "list_accounts_for_parent", "Accounts", ParentId=parent)
    }


def _summaries(client: Any) -> Iterator[Row]:
    """Yield the policies of every type that the roots have enabled."""
    enabled = {
        kind["Type"]
        for root in _pages(client, "list_roots", "Roots")
        for kind in root.get("PolicyTypes", [])
        if kind.get("Status") == "ENABLED"
    }
    for kind in sorted(enabled):
        yield from _pages(client, "list_policies", "Policies", Filter=kind)


def _policies(client: Any) -> Iterator[Row]:
    for summary in _summaries(client):
        content = _canonical(client.describe_policy(PolicyId=summary["Id"])["Policy"]["Content"])
        yield {
            "policy": summary["Id"],
            "name": summary["Name"],
            "type": summary["Type"],
            "aws_managed": summary.get("AwsManaged", False),
            "content_sha256": sha256(content.encode()).hexdigest(),
            "description": summary.get("Description"),
            "content": content,
        }


def _canonical(content: str) -> str:
    """The same text for the same policy, however it was indented."""
    try:
        return json.dumps(json.loads(content), sort_keys=True, separators=(",", ":"))
    except ValueError:
        return content


def _targets(client: Any) -> Iterator[Row]:
    for summary in _summaries(client):
        for target in _pages(client, "list_targets_for_policy", "Targets", PolicyId=summary["Id"]):
            yield {"policy": summary["Id"], "target": target["TargetId"], "target_type": target["Type"]}


def _administrators(client: Any) -> Iterator[Row]:
    for one in paged(client, "list_delegated_administrators", "DelegatedAdministrators", MaxResults=PAGE):
        yield columns(
            one, account="Id", name="Name", state=lambda item: item.get("State") or item.get("Status"),
            since="DelegationEnabledDate",
        )  # fmt: skip


def _tags(client: Any) -> Iterator[Row]:
    """Yield the tags of everything in the organization: a call per hundred resources, not one per resource.

    What never had a tag is not listed.
    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    """
    listed = paged(
        client, "get_resources", "ResourceTagMappingList", token="PaginationToken",  # noqa: S106 (a name)
        ResourceTypeFilters=TAGGED, ResourcesPerPage=TAGS_PAGE,
    )  # fmt: skip
    for one in listed:
        kind, _, rest = one["ResourceARN"].split(":", 5)[5].partition("/")
        for tag in one["Tags"]:
            resource = rest.rpartition("/")[2]
            yield {"kind": kind, "resource": resource, "key": tag["Key"], "value": tag["Value"]}


def _calls_of_administrators(size: Size) -> dict[str, int]:
    return {"ListDelegatedAdministrators": pages(size.administrators, PAGE)}


def _calls_of_units(size: Size) -> dict[str, int]:
    return {"ListRoots": 2, "ListOrganizationalUnitsForParent": size.units + 1}


def _calls_of_accounts(size: Size) -> dict[str, int]:
    """Count without the crawl: `Paths` say where accounts are; the crawl adds a call per unit and page."""
    crawl = {"ListRoots": 0, "ListOrganizationalUnitsForParent": 0, "ListAccountsForParent": 0}
    return {"ListAccounts": pages(size.accounts, PAGE), **crawl}


def _calls_of_policies(size: Size) -> dict[str, int]:
    return {"ListRoots": 1, "ListPolicies": pages(size.policies, PAGE), "DescribePolicy": size.policies}


def _calls_of_targets(size: Size) -> dict[str, int]:
    return {"ListRoots": 1, "ListPolicies": pages(size.policies, PAGE), "ListTargetsForPolicy": size.policies}


def _calls_of_tags(size: Size) -> dict[str, int]:
    each = size.accounts + size.units + size.policies
    tags = each if size.organization_tags is None else size.organization_tags
    return {"GetResources": pages(tags, TAGS_PAGE)}


LISTINGS = (
    Listing(UNITS, _units, _calls_of_units),
    Listing(ACCOUNTS, _accounts, _calls_of_accounts),
    Listing(POLICIES, _policies, _calls_of_policies),
    Listing(POLICY_TARGETS, _targets, _calls_of_targets),
    Listing(ADMINISTRATORS, _administrators, _calls_of_administrators),
    Listing(
        ORGANIZATION_TAGS,
        _tags,
        _calls_of_tags,
        asks="resourcegroupstaggingapi",
        region=TAGS_REGION,
    ),
)
