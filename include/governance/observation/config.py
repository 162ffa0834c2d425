"""What AWS Config says in the hub: how fresh the aggregator is per account and region, rules, their status.

Never a call per rule and account. The status of rules is read in the hub alone: a sample that tells whether
an organization-wide rule runs at all. Recorders of member accounts show through the aggregator's sources.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from governance.errors import GovernanceError
from governance.observation.datasets import AGGREGATOR_SOURCES, RULE_STATUS, RULES
from governance.observation.listings import Listing, Size, pages
from governance.observation.paging import Row, paged


def aggregator_name(client: Any, wanted: str | None = None) -> str:
    """Return the aggregator to ask: the one wanted, else the one over the organization, else the only one.

    Raises GovernanceError where none or several fit.
    """
    named: dict[str, Any] = {"ConfigurationAggregatorNames": [wanted]} if wanted else {}
    found = list(paged(client, "describe_configuration_aggregators", "ConfigurationAggregators", **named))
    whole = [one for one in found if one.get("OrganizationAggregationSource")] or found
    if len(whole) == 1:
        return str(whole[0]["ConfigurationAggregatorName"])
    names = ", ".join(sorted(one["ConfigurationAggregatorName"] for one in whole)) or "none"
    raise GovernanceError(
        f"one Config aggregator is needed in {client.meta.region_name}: found {names}; name the one to use"
    )


def _sources(client: Any) -> Iterator[Row]:
    name = aggregator_name(client)
    sources = paged(
        client,
        "describe_configuration_aggregator_sources_status",
        "AggregatedSourceStatusList",
        ConfigurationAggregatorName=name,
    )
    for source in sources:
        if source.get("SourceType") == "ACCOUNT":
            yield {
                "account": source["SourceId"],
                "region": source["AwsRegion"],
                "status": source["LastUpdateStatus"],
                "updated_at": source.get("LastUpdateTime"),
                "error": " ".join(
                    str(source[key]) for key in ("LastErrorCode", "LastErrorMessage") if source.get(key)
                )
                or None,
            }


def creator_of(arn: str | None) -> str | None:
    """Return the service principal in a rule's ARN, '' for a rule of the customer, None without an ARN.

    >>> creator_of("arn:aws:config:eu-west-1:1:config-rule/aws-service-rule/securityhub.amazonaws.com/x")
    'securityhub.amazonaws.com'
    >>> creator_of("arn:aws:config:eu-west-1:1:config-rule/config-rule-x")
    ''
    """
    if not arn:
        return None
    parts = arn.split("/")
    return parts[2] if len(parts) > 3 and parts[1] == "aws-service-rule" else ""


def account_of(arn: str | None) -> str | None:
    """Return the account in an ARN."""
    return arn.split(":")[4] if arn and arn.count(":") >= 5 else None


def _rules(client: Any) -> Iterator[Row]:
    for rule in paged(client, "describe_config_rules", "ConfigRules"):
        yield {
            "account": account_of(rule.get("ConfigRuleArn")),
            "region": client.meta.region_name,
            "rule": rule["ConfigRuleName"],
            "creator": rule.get("CreatedBy") or creator_of(rule.get("ConfigRuleArn")),
            "owner": rule.get("Source", {}).get("Owner"),
            "source_identifier": rule.get("Source", {}).get("SourceIdentifier"),
            "state": rule.get("ConfigRuleState"),
        }


def _rule_status(client: Any) -> Iterator[Row]:
    operation, key = "describe_config_rule_evaluation_status", "ConfigRulesEvaluationStatus"
    for status in paged(client, operation, key):
        yield {
            "account": account_of(status.get("ConfigRuleArn")),
            "region": client.meta.region_name,
            "rule": status["ConfigRuleName"],
            "last_evaluated_at": status.get("LastSuccessfulEvaluationTime"),
            "last_failed_at": status.get("LastFailedEvaluationTime"),
            "first_activated_at": status.get("FirstActivatedTime"),
            "error": status.get("LastErrorCode"),
        }


def _calls_of_sources(size: Size) -> dict[str, int]:
    places = pages(size.accounts * size.regions, 100)
    return {
        "DescribeConfigurationAggregators": 1,
        "DescribeConfigurationAggregatorSourcesStatus": places,
    }


LISTINGS = (
    Listing(AGGREGATOR_SOURCES, _sources, _calls_of_sources, regional=True),
    Listing(RULES, _rules, lambda size: {"DescribeConfigRules": pages(size.rules, 25)}, regional=True),
    Listing(
        RULE_STATUS,
        _rule_status,
        lambda size: {"DescribeConfigRuleEvaluationStatus": pages(size.rules, 50)},
        regional=True,
    ),
)
