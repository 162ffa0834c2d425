"""The aggregator over the organization: where it is, its sources, and compliance by rule across accounts."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from governance.sandbox.aws.calls import Call, Handler
from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.evaluations import Evaluations
from governance.sandbox.aws.faults import Faults
from governance.sandbox.aws.paging import page
from governance.sandbox.world import World

Row = dict[str, Any]

SOURCES_PAGE, RULES_PAGE, DETAILS_PAGE = 100, 1000, 50
"""Defaults: the maximum of each operation, but 50 for details:
https://docs.aws.amazon.com/config/latest/APIReference/API_GetAggregateComplianceDetailsByConfigRule.html"""


class Aggregator:
    """Handlers of the aggregator, which lives in the management account's home region."""

    def __init__(self, world: World, evaluations: Evaluations, faults: Faults) -> None:
        self._world, self._evaluations, self._faults = world, evaluations, faults
        self._remembered: dict[tuple[tuple[str, str], ...], list[Row]] = {}

    def handlers(self) -> dict[str, Handler]:
        """Return operation -> handler."""
        return {
            "DescribeConfigurationAggregators": self._describe,
            "DescribeConfigurationAggregatorSourcesStatus": self._sources_status,
            "DescribeAggregateComplianceByConfigRules": self._by_rules,
            "GetAggregateComplianceDetailsByConfigRule": self._details,
            "GetAggregateConfigRuleComplianceSummary": self._summary,
        }

    def required(self, call: Call) -> None:
        """Raise ServiceError unless the call names the aggregator, from where it is."""
        name = call.arguments["ConfigurationAggregatorName"]
        if not self._is_home(call) or name != self._world.aggregator:
            raise _no_aggregator(name)

    def _is_home(self, call: Call) -> bool:
        return (call.account, call.region) == (self._world.management_account, self._world.home_region)

    def _describe(self, call: Call) -> Row:
        here = [self._itself] if self._is_home(call) else []
        wanted = call.arguments.get("ConfigurationAggregatorNames") or []
        for name in wanted:
            if not here or name != self._world.aggregator:
                raise _no_aggregator(name)
        found, token = page(call.action, here, call.arguments, default=SOURCES_PAGE)
        return {"ConfigurationAggregators": found, "NextToken": token}

    @cached_property
    def _itself(self) -> Row:
        world = self._world
        account, region = world.management_account, world.home_region
        return {
            "ConfigurationAggregatorName": world.aggregator,
            "ConfigurationAggregatorArn": (
                f"arn:aws:config:{region}:{account}:config-aggregator/config-aggregator-gov0demo"
            ),
            "OrganizationAggregationSource": {
                "RoleArn": f"arn:aws:iam::{account}:role/aws-service-role/config-multiaccountsetup",
                "AwsRegions": list(world.regions),
                "AllAwsRegions": False,
            },
            "CreationTime": min(one.joined_at for one in world.accounts),
            "LastUpdatedTime": world.now,
        }

    def _sources_status(self, call: Call) -> Row:
        self.required(call)
        wanted = call.arguments.get("UpdateStatus")
        rows = [row for row in self._sources if not wanted or row["LastUpdateStatus"] in wanted]
        found, token = page(call.action, rows, call.arguments, default=SOURCES_PAGE)
        return {"AggregatedSourceStatusList": found, "NextToken": token}

    @cached_property
    def _sources(self) -> list[Row]:
        """The organization, then one source per account and region that has a recorder.

        FAILED: errors while moving data; OUTDATED: the data is not the most recent.
        https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeConfigurationAggregatorSourcesStatus.html
        How a recorder shows here is a choice of this stand-in: a failing one as FAILED, a stopped one as
        OUTDATED since it stopped.
        """
        organization = {
            "SourceId": self._world.organization_id,
            "SourceType": "ORGANIZATION",
            "AwsRegion": self._world.home_region,
            "LastUpdateStatus": "SUCCEEDED",
            "LastUpdateTime": self._world.now,
        }
        columns = ["account", "region", "recording", "last_status", "last_status_change_at"]
        frame = self._world.recorders[columns].sort_values(["account", "region"])
        return [
            organization,
            *(_source(*row, now=self._world.now) for row in frame.itertuples(index=False, name=None)),
        ]

    def _by_rules(self, call: Call) -> Row:
        self.required(call)
        rows = self._filtered(call.arguments.get("Filters", {}))
        found, token = page(call.action, rows, call.arguments, default=RULES_PAGE)
        return {"AggregateComplianceByConfigRules": [self._capped(row) for row in found], "NextToken": token}

    @cached_property
    def _rows(self) -> list[Row]:
        """A rule is non-compliant if any resource is; contributors are those that make it so.

        https://docs.aws.amazon.com/config/latest/APIReference/API_Compliance.html
        """
        return [
            {
                "ConfigRuleName": rule,
                "AccountId": account,
                "AwsRegion": region,
                "ComplianceType": "NON_COMPLIANT" if bad else "COMPLIANT",
                "contributors": bad or good,
            }
            for (account, region), rule, good, bad in self._evaluations.counts
        ]

    def _filtered(self, filters: dict[str, str]) -> list[Row]:
        """Return the rows that fit, remembered so that a page is a slice and not a scan."""
        key = tuple(sorted(filters.items()))
        if key not in self._remembered:
            fitting = [row for row in self._rows if all(row[name] == value for name, value in key)]
            self._remembered[key] = fitting if key else self._rows
        return self._remembered[key]

    def _capped(self, row: Row) -> Row:
        given = {name: row[name] for name in ("ConfigRuleName", "AccountId", "AwsRegion")}
        count = self._count(row["contributors"])
        return {
            **given,
            "Compliance": {"ComplianceType": row["ComplianceType"], "ComplianceContributorCount": count},
        }

    def _count(self, number: int) -> Row:
        cap = self._faults.contributor_cap
        return {"CappedCount": min(number, cap), "CapExceeded": number > cap}

    def _details(self, call: Call) -> Row:
        self.required(call)
        asked = call.arguments
        rows = self._evaluations.of_rule(asked["AccountId"], asked["AwsRegion"], asked["ConfigRuleName"])
        if asked.get("ComplianceType"):
            rows = [row for row in rows if row["compliance"] == asked["ComplianceType"]]
        found, token = page(call.action, rows, asked, default=DETAILS_PAGE)
        place = {"AccountId": asked["AccountId"], "AwsRegion": asked["AwsRegion"]}
        return {"AggregateEvaluationResults": [{**result(row), **place} for row in found], "NextToken": token}

    def _summary(self, call: Call) -> Row:
        """Number of compliant and non-compliant rules, by account or region; without a key, over all."""
        self.required(call)
        key = call.arguments.get("GroupByKey")
        member = {"ACCOUNT_ID": "AccountId", "AWS_REGION": "AwsRegion"}.get(key or "")
        counts: dict[str, list[int]] = {}
        for row in self._filtered(call.arguments.get("Filters", {})):
            group = counts.setdefault(row[member] if member else "", [0, 0])
            group[row["ComplianceType"] == "NON_COMPLIANT"] += 1
        rows = [self._group(name, *counts[name]) for name in sorted(counts)]
        found, token = page(call.action, rows, call.arguments, default=RULES_PAGE)
        return {"GroupByKey": key, "AggregateComplianceCounts": found, "NextToken": token}

    def _group(self, name: str, good: int, bad: int) -> Row:
        summary = {
            "CompliantResourceCount": self._count(good),
            "NonCompliantResourceCount": self._count(bad),
            "ComplianceSummaryTimestamp": self._world.now,
        }
        return {"GroupName": name or None, "ComplianceSummary": summary}


def result(row: Row) -> Row:
    """Return one evaluation as an EvaluationResult."""
    qualifier = {
        "ConfigRuleName": row["rule"],
        "ResourceType": row["resource_type"],
        "ResourceId": row["resource_id"],
        "EvaluationMode": "DETECTIVE",
    }
    return {
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": qualifier,
            "OrderingTimestamp": row["recorded_at"],
        },
        "ComplianceType": row["compliance"],
        "ResultRecordedTime": row["recorded_at"],
        "ConfigRuleInvokedTime": row["recorded_at"],
        "Annotation": row["annotation"] or None,
    }


def _source(account: str, region: str, recording: bool, status: str, changed: Any, *, now: datetime) -> Row:
    row = {"SourceId": account, "SourceType": "ACCOUNT", "AwsRegion": region}
    if not recording:
        return {**row, "LastUpdateStatus": "OUTDATED", "LastUpdateTime": changed}
    if status.upper() == "FAILURE":
        words = "The configuration recorder of the source account fails"
        error = {"LastErrorCode": "RecorderFailure", "LastErrorMessage": words}
        return {**row, "LastUpdateStatus": "FAILED", "LastUpdateTime": changed, **error}
    return {**row, "LastUpdateStatus": "SUCCEEDED", "LastUpdateTime": now}


def _no_aggregator(name: str) -> ServiceError:
    message = f"The configuration aggregator '{name}' does not exist. Check the configuration aggregator name"
    return ServiceError("NoSuchConfigurationAggregatorException", message)
