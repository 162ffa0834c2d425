"""Organizations of the stand-in through boto3: accounts, units, policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_worlds import (
    CLOSED,
    HUB,
    PAYMENTS,
    PROD,
    ROOT,
    WORKLOADS,
    assumed,
    client,
    pages,
    world,
)
from governance.sandbox.aws import Handle, serve


@pytest.fixture(scope="module")
def aws() -> Iterator[Handle]:
    with serve(world(buckets=7, extra_accounts=45)) as handle:
        yield handle


@pytest.fixture
def organizations(aws: Handle) -> Any:
    return client(aws.url, "organizations")


def test_accounts_carry_state_and_paths_and_no_retired_status(organizations: Any) -> None:
    account = organizations.describe_account(AccountId=PAYMENTS)["Account"]
    assert account["Paths"] == [f"o-testtest01/{ROOT}/{WORKLOADS}/{PROD}/{PAYMENTS}/"]
    assert account["State"] == "ACTIVE"
    assert "Status" not in account
    assert account["JoinedTimestamp"] == world().accounts[1].joined_at
    assert organizations.describe_account(AccountId=CLOSED)["Account"]["State"] == "CLOSED"


def test_before_its_retirement_status_stands_beside_state() -> None:
    with serve(world(now=datetime(2026, 9, 8, tzinfo=UTC))) as past:
        accounts = client(past.url, "organizations").list_accounts()["Accounts"]
    assert [account.get("Status") for account in accounts] == ["ACTIVE", "ACTIVE", None]


def test_accounts_come_in_pages_of_twenty_and_add_up_whatever_the_page_size(organizations: Any) -> None:
    by_default = pages(organizations.list_accounts, "Accounts")
    assert [len(page) for page in by_default] == [20, 20, 8]
    for size in (1, 7, 20):
        paginator = organizations.get_paginator("list_accounts")
        paged = paginator.paginate(PaginationConfig={"PageSize": size}).build_full_result()["Accounts"]
        assert paged == [account for page in by_default for account in page]


def test_the_tree_can_be_walked_down_and_up(organizations: Any) -> None:
    root = organizations.list_roots()["Roots"][0]
    units = organizations.list_organizational_units_for_parent(ParentId=root["Id"])["OrganizationalUnits"]
    assert [unit["Name"] for unit in units] == ["Workloads"]
    below = organizations.list_organizational_units_for_parent(ParentId=units[0]["Id"])[
        "OrganizationalUnits"
    ][0]
    assert below["Path"] == f"o-testtest01/{ROOT}/{WORKLOADS}/{PROD}/"
    assert (
        organizations.describe_organizational_unit(OrganizationalUnitId=PROD)["OrganizationalUnit"] == below
    )
    assert [one["Id"] for one in organizations.list_accounts_for_parent(ParentId=PROD)["Accounts"]] == [
        PAYMENTS
    ]
    assert organizations.list_parents(ChildId=PAYMENTS)["Parents"] == [
        {"Id": PROD, "Type": "ORGANIZATIONAL_UNIT"}
    ]
    assert organizations.list_parents(ChildId=HUB)["Parents"] == [{"Id": ROOT, "Type": "ROOT"}]
    children = organizations.list_children(ParentId=ROOT, ChildType="ACCOUNT")["Children"]
    assert {child["Id"] for child in children} == {HUB, CLOSED}


def test_policies_say_what_they_hold_and_where_they_are_attached(organizations: Any) -> None:
    listed = pages(organizations.list_policies, "Policies", Filter="SERVICE_CONTROL_POLICY")
    assert [len(page) for page in listed] == [20, 5]
    assert organizations.list_policies(Filter="TAG_POLICY")["Policies"] == []
    described = organizations.describe_policy(PolicyId="p-FullAWSAccess")["Policy"]
    assert json.loads(described["Content"])["Statement"][0]["Effect"] == "Allow"
    assert described["PolicySummary"]["AwsManaged"]
    targets = organizations.list_targets_for_policy(PolicyId="p-test000000")["Targets"]
    assert [(one["TargetId"], one["Type"]) for one in targets] == [
        (WORKLOADS, "ORGANIZATIONAL_UNIT"),
        (PAYMENTS, "ACCOUNT"),
    ]
    on_root = organizations.list_policies_for_target(TargetId=ROOT, Filter="SERVICE_CONTROL_POLICY")[
        "Policies"
    ]
    assert [policy["Id"] for policy in on_root] == ["p-FullAWSAccess"]
    assert organizations.list_tags_for_resource(ResourceId=PAYMENTS)["Tags"] == [
        {"Key": "stage", "Value": "prod"}
    ]


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("describe_account", {"AccountId": "999999999999"}, "AccountNotFoundException"),
        ("describe_account", {"AccountId": "12"}, "InvalidInputException"),
        ("list_accounts", {"MaxResults": 21}, "InvalidInputException"),
        ("list_accounts", {"NextToken": "made up"}, "InvalidInputException"),
        ("list_accounts_for_parent", {"ParentId": "ou-test-00000000"}, "ParentNotFoundException"),
        ("list_parents", {"ChildId": "999999999999"}, "ChildNotFoundException"),
        ("describe_policy", {"PolicyId": "p-00000000"}, "PolicyNotFoundException"),
        ("list_policies", {"Filter": "LAW"}, "InvalidInputException"),
        ("list_tags_for_resource", {"ResourceId": "999999999999"}, "TargetNotFoundException"),
    ],
)
def test_organizations_refuses_bad_questions(
    organizations: Any, operation: str, arguments: Any, code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(organizations, operation)(**arguments)
    assert refused.value.response["Error"]["Code"] == code


def test_a_member_account_may_not_list_the_organization(aws: Handle) -> None:
    member = client(aws.url, "organizations", **assumed(aws.url, "200000000000"))
    with pytest.raises(ClientError, match="AccessDeniedException"):
        member.list_accounts()
    assert member.describe_organization()["Organization"]["MasterAccountId"] == HUB


def test_a_delegated_administrator_may_list_it_and_is_listed(aws: Handle, organizations: Any) -> None:
    assert client(aws.url, "organizations", **assumed(aws.url, PAYMENTS)).list_accounts()["Accounts"]
    (found,) = organizations.list_delegated_administrators()["DelegatedAdministrators"]
    assert (found["Id"], found["State"]) == (PAYMENTS, "ACTIVE")
    services = organizations.list_delegated_services_for_account(AccountId=PAYMENTS)["DelegatedServices"]
    assert [one["ServicePrincipal"] for one in services] == ["config.amazonaws.com"]
    other = organizations.list_delegated_administrators(ServicePrincipal="ssm.amazonaws.com")
    assert other["DelegatedAdministrators"] == []
    with pytest.raises(ClientError, match="AccountNotRegisteredException"):
        organizations.list_delegated_services_for_account(AccountId=HUB)


def test_tags_are_told_to_the_management_account_in_one_region_page_by_page() -> None:
    made = world()
    tagged = replace(made, units=tuple(replace(unit, tags={"owner": unit.name}) for unit in made.units))
    with serve(tagged) as aws:
        tags = client(aws.url, "resourcegroupstaggingapi", "us-east-1")
        aws.faults.empty_page("tag:*", times=1)
        found, token = [], ""
        while True:
            page = tags.get_resources(ResourcesPerPage=1, PaginationToken=token)
            found += page["ResourceTagMappingList"]
            token = page["PaginationToken"]
            if not token:
                break
        assert [one["ResourceARN"].split(":", 5)[5].split("/")[0] for one in found] == ["account", "ou", "ou"]
        only = tags.get_resources(ResourceTypeFilters=["organizations:account"])["ResourceTagMappingList"]
        assert [one["Tags"] for one in only] == [[{"Key": "stage", "Value": "prod"}]]
        elsewhere = client(aws.url, "resourcegroupstaggingapi", "eu-central-1")
        assert elsewhere.get_resources()["ResourceTagMappingList"] == []
        unit = client(aws.url, "organizations").list_tags_for_resource(ResourceId=tagged.units[0].id)
        assert unit["Tags"] == [{"Key": "owner", "Value": "Workloads"}]
