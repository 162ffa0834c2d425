"""AWS Config of the stand-in through boto3: rules, recorders, the aggregator and its queries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_worlds import (
    ABROAD,
    AGGREGATOR,
    BUCKET,
    CLOSED,
    HOME,
    HUB,
    NOW,
    PAYMENTS,
    assumed,
    client,
    pages,
    world,
)
from governance.sandbox.aws import Handle, serve

EVERYTHING = "SELECT accountId, awsRegion, resourceId, configuration WHERE resourceType = 'AWS::Config::ResourceCompliance'"


@pytest.fixture(scope="module")
def aws() -> Iterator[Handle]:
    with serve(world(buckets=7, extra_accounts=45)) as handle:
        yield handle


@pytest.fixture
def config(aws: Handle) -> Any:
    return client(aws.url, "config")


def test_rules_are_those_of_the_account_and_region_asked(aws: Handle, config: Any) -> None:
    rules = config.describe_config_rules()["ConfigRules"]
    assert [rule["ConfigRuleName"] for rule in rules] == [
        "s3-encrypted", "s3-private", "securityhub-s3-tls-0a1b2c3d", "tagged",
    ]  # fmt: skip
    assert "CreatedBy" not in rules[0]
    assert rules[2]["CreatedBy"] == "securityhub.amazonaws.com"
    assert "/aws-service-rule/securityhub.amazonaws.com/" in rules[2]["ConfigRuleArn"]
    member = client(aws.url, "config", ABROAD, **assumed(aws.url, PAYMENTS))
    arn = member.describe_config_rules(ConfigRuleNames=["tagged"])["ConfigRules"][0]["ConfigRuleArn"]
    assert arn.startswith(f"arn:aws:config:{ABROAD}:{PAYMENTS}:config-rule/config-rule-")
    assert client(aws.url, "config", "sa-east-1").describe_config_rules()["ConfigRules"] == []


def test_a_rule_that_never_ran_has_no_time_of_success(config: Any) -> None:
    found = pages(config.describe_config_rule_evaluation_status, "ConfigRulesEvaluationStatus", Limit=3)
    by_name = {status["ConfigRuleName"]: status for page in found for status in page}
    assert [len(page) for page in found] == [3, 1]
    assert "LastSuccessfulEvaluationTime" not in by_name["tagged"]
    assert by_name["tagged"]["LastFailedEvaluationTime"] == NOW
    assert by_name["tagged"]["LastErrorCode"] == "AccessDenied"
    assert by_name["s3-private"]["LastSuccessfulEvaluationTime"].hour == NOW.astimezone().hour - 1


def test_recorders_and_their_status_are_told_per_place(aws: Handle) -> None:
    member = client(aws.url, "config", ABROAD, **assumed(aws.url, PAYMENTS))
    assert [one["name"] for one in member.describe_configuration_recorders()["ConfigurationRecorders"]] == [
        "default"
    ]
    status = member.describe_configuration_recorder_status()["ConfigurationRecordersStatus"][0]
    assert (status["recording"], status["lastStatus"]) == (False, "Success")
    nowhere = client(aws.url, "config", "sa-east-1")
    assert nowhere.describe_configuration_recorder_status()["ConfigurationRecordersStatus"] == []


def test_the_aggregator_tells_how_fresh_each_source_is(config: Any) -> None:
    assert (
        config.describe_configuration_aggregators()["ConfigurationAggregators"][0][
            "ConfigurationAggregatorName"
        ]
        == AGGREGATOR
    )
    sources = pages(
        config.describe_configuration_aggregator_sources_status,
        "AggregatedSourceStatusList",
        ConfigurationAggregatorName=AGGREGATOR,
        Limit=10,
    )
    states = {
        (one["SourceId"], one["AwsRegion"]): one["LastUpdateStatus"] for page in sources for one in page
    }
    assert len(states) == 1 + 2 * 47
    assert states[PAYMENTS, ABROAD] == "OUTDATED"
    assert states[HUB, ABROAD] == "FAILED"
    assert states[HUB, HOME] == "SUCCEEDED"
    assert (CLOSED, HOME) not in states


@pytest.mark.parametrize("size", [1, 9, 100])
def test_a_query_gives_every_resource_once_whatever_the_page_size(config: Any, size: int) -> None:
    expression = f"{EVERYTHING} AND accountId IN ('{HUB}', '{PAYMENTS}')"
    found = _items(config, expression, Limit=size)
    places = {(item["accountId"], item["awsRegion"], item["resourceId"]) for item in found}
    assert len(found) == len(places) == 2 * 2 * 7
    assert all(item["resourceId"].startswith(f"{BUCKET}/") for item in found)


def _items(config: Any, expression: str, **arguments: Any) -> list[Any]:
    found = pages(
        config.select_aggregate_resource_config,
        "Results",
        ConfigurationAggregatorName=AGGREGATOR,
        Expression=expression,
        **arguments,
    )
    return [json.loads(text) for page in found for text in page]


def test_a_non_compliant_resource_brings_all_its_rules(config: Any) -> None:
    bad = _items(
        config, f"{EVERYTHING} AND configuration.complianceType = 'NON_COMPLIANT' AND accountId = '{HUB}'"
    )
    assert len(bad) == 2 * 3
    rules = {
        rule["configRuleName"]: rule["complianceType"] for rule in bad[0]["configuration"]["configRuleList"]
    }
    assert rules == {
        "s3-encrypted": "COMPLIANT",
        "s3-private": "NON_COMPLIANT",
        "securityhub-s3-tls-0a1b2c3d": "COMPLIANT",
        "tagged": "COMPLIANT",
    }


def test_the_usual_page_of_a_query_is_25_and_the_fields_are_named(config: Any) -> None:
    answer = config.select_aggregate_resource_config(
        ConfigurationAggregatorName=AGGREGATOR, Expression=EVERYTHING
    )
    assert len(answer["Results"]) == 25
    assert [field["Name"] for field in answer["QueryInfo"]["SelectFields"]] == [
        "accountId", "awsRegion", "resourceId", "configuration",
    ]  # fmt: skip


def test_counts_by_compliance_are_aggregated(config: Any) -> None:
    expression = (
        "SELECT configuration.complianceType, COUNT(*) WHERE resourceType = 'AWS::Config::ResourceCompliance' "
        "GROUP BY configuration.complianceType"
    )
    assert _items(config, expression) == [
        {"configuration.complianceType": "COMPLIANT", "COUNT(*)": 47 * 2 * 4},
        {"configuration.complianceType": "NON_COMPLIANT", "COUNT(*)": 47 * 2 * 3},
    ]


def test_a_query_in_one_account_sees_that_place_alone(aws: Handle) -> None:
    member = client(aws.url, "config", ABROAD, **assumed(aws.url, PAYMENTS))
    found = pages(member.select_resource_config, "Results", Expression=EVERYTHING)
    assert {(json.loads(text)["accountId"], json.loads(text)["awsRegion"]) for text in found[0]} == {
        (PAYMENTS, ABROAD)
    }


def test_resources_are_told_with_their_tags_as_a_list(config: Any) -> None:
    query = f"SELECT resourceId, tags WHERE resourceType = 'AWS::S3::Bucket' AND accountId = '{HUB}'"
    found = _items(config, query)
    assert len(found) == len({item["resourceId"] for item in found}) > 10
    assert all(item["tags"] == [] for item in found), "nothing is tagged in this world"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"Expression": "SELECT * FROM x"}, "InvalidExpressionException"),
        ({"Expression": EVERYTHING, "Limit": 101}, "InvalidLimitException"),
        ({"Expression": EVERYTHING, "NextToken": "made up"}, "InvalidNextTokenException"),
        ({"Expression": "x" * 4097}, "ValidationException"),
        (
            {"Expression": "SELECT configuration.name WHERE resourceType = 'AWS::S3::Bucket'"},
            "NotImplementedByStandIn",
        ),
        (
            {"Expression": EVERYTHING, "ConfigurationAggregatorName": "x"},
            "NoSuchConfigurationAggregatorException",
        ),
    ],
)
def test_a_bad_query_is_refused(config: Any, arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        config.select_aggregate_resource_config(**{"ConfigurationAggregatorName": AGGREGATOR, **arguments})
    assert refused.value.response["Error"]["Code"] == code


def test_the_aggregator_is_in_one_place_only(aws: Handle) -> None:
    for elsewhere in (
        client(aws.url, "config", ABROAD),
        client(aws.url, "config", **assumed(aws.url, PAYMENTS)),
    ):
        with pytest.raises(ClientError, match="NoSuchConfigurationAggregatorException"):
            elsewhere.describe_aggregate_compliance_by_config_rules(ConfigurationAggregatorName=AGGREGATOR)
        assert elsewhere.describe_configuration_aggregators()["ConfigurationAggregators"] == []


def test_compliance_by_rule_counts_contributors_up_to_a_cap(aws: Handle, config: Any) -> None:
    arguments = {
        "ConfigurationAggregatorName": AGGREGATOR,
        "Filters": {"AccountId": HUB, "AwsRegion": HOME, "ConfigRuleName": "s3-private"},
    }

    def compliance() -> Any:
        return config.describe_aggregate_compliance_by_config_rules(**arguments)[
            "AggregateComplianceByConfigRules"
        ]

    [row] = compliance()
    assert row["Compliance"] == {
        "ComplianceType": "NON_COMPLIANT",
        "ComplianceContributorCount": {"CappedCount": 3, "CapExceeded": False},
    }
    aws.faults.contributor_cap = 2
    [row] = compliance()
    aws.faults.clear()
    assert row["Compliance"]["ComplianceContributorCount"] == {"CappedCount": 2, "CapExceeded": True}


def test_details_of_a_rule_are_the_same_from_the_aggregator_and_at_home(aws: Handle, config: Any) -> None:
    place = {"ConfigRuleName": "s3-private", "AccountId": PAYMENTS, "AwsRegion": HOME}
    aggregated = pages(
        config.get_aggregate_compliance_details_by_config_rule,
        "AggregateEvaluationResults",
        ConfigurationAggregatorName=AGGREGATOR,
        ComplianceType="NON_COMPLIANT",
        Limit=2,
        **place,
    )
    local = client(aws.url, "config", **assumed(aws.url, PAYMENTS)).get_compliance_details_by_config_rule(
        ConfigRuleName="s3-private", ComplianceTypes=["NON_COMPLIANT"]
    )["EvaluationResults"]
    assert [len(page) for page in aggregated] == [2, 1]
    flat = [{name: row[name] for name in row if name not in place} for page in aggregated for row in page]
    assert flat == local
    assert local[0]["Annotation"] == "public"
