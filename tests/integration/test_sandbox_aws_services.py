"""The AWS stand-in in one view: every operation fits its model; STS and S3 by moto at the same address."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import aws_planes
from aws_worlds import (
    AGGREGATOR,
    CLOSED,
    HOME,
    HUB,
    PAYMENTS,
    PROD,
    ROOT,
    assumed,
    client,
    world,
)
from governance.sandbox.aws import Handle, serve
from governance.sandbox.aws.calls import Call
from governance.sandbox.aws.faults import Faults
from governance.sandbox.aws.gateway import handlers
from governance.sandbox.aws.models import service_model
from governance.sandbox.aws.shapes import violations

LIVE = {"ResourceType": aws_planes.BUCKET, "ResourceId": "bucket-live"}
EVERYTHING = "SELECT accountId, awsRegion, resourceId, configuration WHERE resourceType = 'AWS::Config::ResourceCompliance'"


@pytest.fixture(scope="module")
def aws() -> Iterator[Handle]:
    with serve(world(buckets=7, extra_accounts=45)) as handle:
        yield handle


def test_an_assumed_role_acts_in_its_account(aws: Handle) -> None:
    assert client(aws.url, "sts").get_caller_identity()["Account"] == HUB
    member = client(aws.url, "sts", **assumed(aws.url, PAYMENTS))
    assert member.get_caller_identity()["Arn"] == f"arn:aws:sts::{PAYMENTS}:assumed-role/observer/session"


@pytest.mark.parametrize("account", ["999999999999", CLOSED])
def test_no_role_is_assumed_outside_the_active_accounts(aws: Handle, account: str) -> None:
    with pytest.raises(ClientError, match="AccessDenied") as refused:
        assumed(aws.url, account)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_s3_keeps_what_it_is_given(aws: Handle) -> None:
    s3 = client(aws.url, "s3")
    s3.create_bucket(Bucket="drops", CreateBucketConfiguration={"LocationConstraint": HOME})
    body = "Größe;1\n".encode() * 50_000
    s3.put_object(Bucket="drops", Key="landing-zone/2026 W46+ä.csv", Body=body, ContentType="text/csv")
    listed = s3.list_objects_v2(Bucket="drops", Prefix="landing-zone/")["Contents"]
    assert [(one["Key"], one["Size"]) for one in listed] == [("landing-zone/2026 W46+ä.csv", len(body))]
    assert s3.get_object(Bucket="drops", Key=listed[0]["Key"])["Body"].read() == body
    head = s3.head_object(Bucket="drops", Key=listed[0]["Key"])
    assert (head["ContentLength"], head["ContentType"]) == (len(body), "text/csv")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="drops", Key="absent")


ANSWERABLE: dict[str, dict[str, Any]] = {
    "DescribeAccount": {"AccountId": PAYMENTS},
    "ListOrganizationalUnitsForParent": {"ParentId": ROOT},
    "ListAccountsForParent": {"ParentId": ROOT},
    "DescribeOrganizationalUnit": {"OrganizationalUnitId": PROD},
    "ListParents": {"ChildId": PAYMENTS},
    "ListChildren": {"ParentId": ROOT, "ChildType": "ORGANIZATIONAL_UNIT"},
    "ListPolicies": {"Filter": "SERVICE_CONTROL_POLICY"},
    "DescribePolicy": {"PolicyId": "p-FullAWSAccess"},
    "ListTargetsForPolicy": {"PolicyId": "p-test000000"},
    "ListPoliciesForTarget": {"TargetId": ROOT, "Filter": "SERVICE_CONTROL_POLICY"},
    "ListTagsForResource": {"ResourceId": PAYMENTS},
    "SelectAggregateResourceConfig": {"Expression": EVERYTHING},
    "SelectResourceConfig": {"Expression": EVERYTHING},
    "GetAggregateComplianceDetailsByConfigRule": {
        "ConfigRuleName": "s3-private", "AccountId": HUB, "AwsRegion": HOME,
    },
    "ListDelegatedServicesForAccount": {"AccountId": PAYMENTS},
    "GetLandingZone": {"landingZoneIdentifier": aws_planes.ZONE},
    "GetEnabledControl": {"enabledControlIdentifier": aws_planes.control(0)["arn"]},
    "GetEnabledBaseline": {"enabledBaselineIdentifier": aws_planes.baseline(0, "")["arn"]},
    "GetLandingZoneOperation": {"operationIdentifier": aws_planes.OPERATION.format(1)},
    "GetControlOperation": {"operationIdentifier": aws_planes.OPERATION.format(1)},
    "DescribeRemediationConfigurations": {"ConfigRuleNames": ["s3-private"]},
    "DescribeRemediationExceptions": {"ConfigRuleName": "s3-private"},
    "PutRemediationExceptions": {"ConfigRuleName": "s3-private", "ResourceKeys": [LIVE]},
    "DeleteRemediationExceptions": {"ConfigRuleName": "s3-private", "ResourceKeys": [LIVE]},
    "GetOrganizationConfigRuleDetailedStatus": {"OrganizationConfigRuleName": "trail-on"},
    "DescribeConformancePackCompliance": {"ConformancePackName": "baseline"},
    "GetConformancePackComplianceSummary": {"ConformancePackNames": ["baseline"]},
    "GetOpsItem": {"OpsItemId": "oi-000000000001"},
    "CreateOpsItem": {"Title": "New", "Description": "New", "Source": "Governance"},
    "UpdateOpsItem": {"OpsItemId": "oi-000000000001", "Status": "Resolved"},
    "GetAutomationExecution": {"AutomationExecutionId": aws_planes.OPERATION.format(9)},
    "GetCalendarState": {"CalendarNames": ["freeze"]},
    "DescribeDocument": {"Name": "Governance-CloseBucket"},
    "DescribeRecord": {"Id": "rec-00000001"},
    "DescribeProvisionedProduct": {"Id": "pp-00000001"},
    "ListPortfolioAccess": {"PortfolioId": "port-1"},
    "ListConstraintsForPortfolio": {"PortfolioId": "port-1"},
    "GetComplianceDetailsByConfigRule": {"ConfigRuleName": "s3-private"},
    "GetAggregateConfigRuleComplianceSummary": {"GroupByKey": "ACCOUNT_ID"},
}  # fmt: skip
"""Arguments of the operations that need any, beside the aggregator's name."""


@pytest.mark.parametrize("action", sorted(handlers(world(), Faults())))
def test_every_operation_answers_as_its_model_says_patterns_and_lengths_included(action: str) -> None:
    service, _, operation = action.partition(":")
    model = service_model({"tag": "resourcegroupstaggingapi"}.get(service, service)).operation_model(
        operation
    )
    arguments = dict(ANSWERABLE.get(operation, {}))
    if model.input_shape is not None and "ConfigurationAggregatorName" in model.input_shape.required_members:
        arguments["ConfigurationAggregatorName"] = AGGREGATOR
    assert violations(model.input_shape, arguments, constraints=True) == []
    found = handlers(world(), Faults())[action](Call(action, arguments, HUB, HOME))
    assert found or operation == "UpdateOpsItem"
    assert violations(model.output_shape, found, constraints=True) == []


FORGETFUL = """
from aws_worlds import client, world
from governance.sandbox.aws import serve
with serve(world()) as first:
    client(first.url, "s3", "us-east-1").create_bucket(Bucket="kept-for-a-while")
with serve(world()) as second:
    print(client(second.url, "s3").list_buckets()["Buckets"])
"""


def test_what_s3_kept_is_forgotten_with_the_last_stand_in_of_a_process(root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(root / "tests")}
    done = subprocess.run(
        [sys.executable, "-c", FORGETFUL],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "[]"
