"""The SQL of AWS Config's advanced queries: what is understood, what it selects, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.items import project
from governance.sandbox.aws.sql import parse

ITEM: dict[str, Any] = {
    "accountId": "100000000012",
    "awsRegion": "eu-central-1",
    "resourceType": "AWS::Config::ResourceCompliance",
    "resourceId": "AWS::S3::Bucket/o'brien",
    "configuration": {
        "complianceType": "NON_COMPLIANT",
        "targetResourceType": "AWS::S3::Bucket",
        "configRuleList": [
            {"configRuleName": "A", "complianceType": "COMPLIANT"},
            {"configRuleName": "B", "complianceType": "NON_COMPLIANT"},
        ],
    },
}


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ("accountId = '100000000012'", True),
        ("accountId = '100000000013'", False),
        ("accountId IN ('1', '100000000012')", True),
        ("accountId BETWEEN '100000000010' AND '100000000020' AND awsRegion = 'eu-central-1'", True),
        ("accountId BETWEEN '100000000013' AND '100000000020'", False),
        ("NOT awsRegion = 'eu-central-1'", False),
        ("awsRegion = 'x' OR (awsRegion = 'eu-central-1' AND NOT accountId = '1')", True),
        ("resourceId LIKE 'AWS::S3::%'", True),
        ("resourceId LIKE 'AWS::EC2::%'", False),
        ("awsRegion LIKE 'eu-central-_'", True),
        ("resourceId = 'AWS::S3::Bucket/o''brien'", True),
        ("configuration.configRuleList.configRuleName = 'C'", False),
        ("accountId > '100000000011' and accountId <= '100000000012'", True),
        ("configuration.missing = 'x'", False),
    ],
)
def test_a_condition_selects_what_it_says(condition: str, matches: bool) -> None:
    assert parse(f"SELECT accountId WHERE {condition}").matches(ITEM) is matches


def test_conditions_on_an_array_match_across_its_elements() -> None:
    # AWS's own example: R is compliant with A and not with B, and is returned all the same.
    across = (
        "SELECT configuration WHERE configuration.configRuleList.complianceType = 'NON_COMPLIANT' "
        "AND configuration.configRuleList.configRuleName = 'A'"
    )
    assert parse(across).matches(ITEM)


def test_the_values_every_match_must_have_are_known_beforehand() -> None:
    def accounts(condition: str) -> frozenset[str] | None:
        return parse(f"SELECT accountId WHERE {condition}").demanded.get("accountId")

    assert accounts("accountId IN ('1', '2') AND accountId = '2'") == {"2"}
    assert accounts("accountId = '1' OR accountId = '2'") == {"1", "2"}
    assert accounts("accountId = '1' OR awsRegion = 'x'") is None
    assert accounts("NOT accountId = '1'") is None


def test_a_selection_keeps_the_nesting_of_the_item() -> None:
    query = parse(
        "SELECT accountId, configuration.configRuleList.configRuleName, configuration.targetResourceType"
    )
    assert project(ITEM, query.fields) == {
        "accountId": "100000000012",
        "configuration": {
            "configRuleList": [{"configRuleName": "A"}, {"configRuleName": "B"}],
            "targetResourceType": "AWS::S3::Bucket",
        },
    }
    assert project(ITEM, parse("SELECT configuration").fields) == {"configuration": ITEM["configuration"]}


def test_a_star_selects_top_level_scalars_only() -> None:
    selected = project(ITEM, parse("SELECT *").fields)
    assert "configuration" not in selected
    assert json.dumps(selected)
    assert selected["resourceId"] == ITEM["resourceId"]


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "SELECT",
        "SELECT accountId FROM aws",
        "SELECT accountId WHERE",
        "SELECT accountId WHERE accountId",
        "SELECT accountId WHERE accountId = ",
        "SELECT accountId WHERE accountId = 'open",
        "SELECT accountId WHERE accountId IN ()",
        "SELECT accountId WHERE accountId BETWEEN '1'",
        "SELECT accountId WHERE (accountId = '1'",
        "SELECT accountId WHERE resourceId LIKE '%Bucket'",
        "SELECT accountId WHERE resourceId LIKE 'AW%'",
        "SELECT accountId WHERE tags = NULL",
        "SELECT DISTINCT accountId",
        "SELECT accountId ORDER BY accountId",
        "SELECT COUNT(accountId)",
        "SELECT COUNT(*) GROUP BY a, b, c, d",
        "SELECT accountId; DROP TABLE x",
        "DELETE accountId",
    ],
)
def test_what_is_no_query_of_aws_config_is_refused(expression: str) -> None:
    with pytest.raises(ServiceError) as refused:
        parse(expression)
    assert refused.value.code == "InvalidExpressionException"
