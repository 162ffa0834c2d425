"""What AWS Config itself excepts, in the hub: exclusions of organization rules, exceptions of remediation.

Remediation exceptions are listed per rule and place; they are read for the rules of the hub that have a
remediation, never per rule and account. `members` reads the same of accounts that are named for it.

https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeOrganizationConfigRules.html
https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeOrganizationConformancePacks.html
https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeRemediationExceptions.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from governance.observation.config import account_of
from governance.observation.datasets import TEXT, TIME, dataset
from governance.observation.listings import Listing, Size, pages
from governance.observation.paging import Row, columns, paged

ORGANIZATION_RULES = dataset(
    "config", "organization_rules", "rule",
    rule=TEXT, arn=TEXT, source_identifier=TEXT, updated_at=TIME, status=TEXT, error=TEXT,
    excluded_accounts=TEXT,  # JSON list
)  # fmt: skip
REMEDIATIONS = dataset(
    "config", "remediations", "account region rule",
    account=TEXT, region=TEXT, rule=TEXT, document=TEXT, version=TEXT, automatic=pa.bool_(), created_by=TEXT,
)  # fmt: skip
REMEDIATION_EXCEPTIONS = dataset(
    "config", "remediation_exceptions", "account region rule resource_type resource_id",
    account=TEXT, region=TEXT, rule=TEXT, resource_type=TEXT, resource_id=TEXT, message=TEXT, expires_at=TIME,
)  # fmt: skip
CONFORMANCE_PACKS = dataset(
    "config", "conformance_packs", "pack",
    pack=TEXT, arn=TEXT, created_by=TEXT, state=TEXT, reason=TEXT, updated_at=TIME,
)  # fmt: skip
ORGANIZATION_PACKS = dataset(
    "config", "organization_packs", "pack",
    pack=TEXT, arn=TEXT, updated_at=TIME,
    excluded_accounts=TEXT,  # JSON list
)  # fmt: skip
RECORDERS = dataset(
    "config", "recorders", "account region recorder",
    account=TEXT,  # NULL: the hub's own
    region=TEXT, recorder=TEXT, recording=pa.bool_(), status=TEXT, error=TEXT, changed_at=TIME,
)  # fmt: skip
DELIVERY_CHANNELS = dataset(
    "config", "delivery_channels", "account region channel",
    account=TEXT,  # NULL: the hub's own
    region=TEXT, channel=TEXT, bucket=TEXT, prefix=TEXT, frequency=TEXT, status=TEXT, delivered_at=TIME,
    error=TEXT,
)  # fmt: skip

RULES_PAGE, RULES_NAMED, EXCEPTIONS_PAGE, PACKS_PAGE, ORGANIZATION_PACKS_PAGE = 25, 25, 25, 20, 100
"""How many rows an answer holds, how many rules a question may name."""


def _organization_rules(client: Any) -> Iterator[Row]:
    statuses = {
        one["OrganizationConfigRuleName"]: one
        for one in paged(
            client, "describe_organization_config_rule_statuses", "OrganizationConfigRuleStatuses"
        )
    }
    for one in paged(client, "describe_organization_config_rules", "OrganizationConfigRules"):
        told = {**one, "Told": statuses.get(one["OrganizationConfigRuleName"])}
        yield columns(
            told, rule="OrganizationConfigRuleName", arn="OrganizationConfigRuleArn",
            source_identifier="OrganizationManagedRuleMetadata.RuleIdentifier", updated_at="LastUpdateTime",
            status="Told.OrganizationRuleStatus", error="Told.ErrorMessage",
            excluded_accounts=lambda item: json.dumps(sorted(item.get("ExcludedAccounts", []))),
        )  # fmt: skip


def _rules(client: Any) -> dict[str, str | None]:
    """Return rule -> account of every rule of the hub."""
    listed = paged(client, "describe_config_rules", "ConfigRules")
    return {one["ConfigRuleName"]: account_of(one.get("ConfigRuleArn")) for one in listed}


def remediations(client: Any) -> Iterator[Row]:
    """Yield the remediations of the rules there."""
    accounts = _rules(client)
    names = sorted(accounts)
    for begin in range(0, len(names), RULES_NAMED):
        asked = names[begin : begin + RULES_NAMED]
        answer = client.describe_remediation_configurations(ConfigRuleNames=asked)
        for one in answer["RemediationConfigurations"]:
            place = {"account": accounts.get(one["ConfigRuleName"]), "region": client.meta.region_name}
            yield place | columns(
                one, rule="ConfigRuleName", document="TargetId",
                version="TargetVersion", automatic="Automatic", created_by="CreatedByService",
            )  # fmt: skip


def remediation_exceptions(client: Any) -> Iterator[Row]:
    """Yield the exceptions from the remediations there."""
    for remediation in list(remediations(client)):
        listed = paged(
            client, "describe_remediation_exceptions", "RemediationExceptions", Limit=EXCEPTIONS_PAGE,
            ConfigRuleName=remediation["rule"],
        )  # fmt: skip
        for one in listed:
            place = {name: remediation[name] for name in ("account", "region")}
            yield place | columns(
                one, rule="ConfigRuleName", resource_type="ResourceType", resource_id="ResourceId",
                message="Message", expires_at="ExpirationTime",
            )  # fmt: skip


def _conformance_packs(client: Any) -> Iterator[Row]:
    states = {
        one["ConformancePackName"]: one
        for one in paged(client, "describe_conformance_pack_status", "ConformancePackStatusDetails")
    }
    for one in paged(client, "describe_conformance_packs", "ConformancePackDetails"):
        told = {**one, "Told": states.get(one["ConformancePackName"])}
        yield columns(
            told, pack="ConformancePackName", arn="ConformancePackArn", created_by="CreatedBy",
            state="Told.ConformancePackState", reason="Told.ConformancePackStatusReason",
            updated_at="LastUpdateRequestedTime",
        )  # fmt: skip


def _organization_packs(client: Any) -> Iterator[Row]:
    listed = paged(
        client, "describe_organization_conformance_packs", "OrganizationConformancePacks",
        Limit=ORGANIZATION_PACKS_PAGE,
    )  # fmt: skip
    for one in listed:
        yield columns(
            one, pack="OrganizationConformancePackName", arn="OrganizationConformancePackArn",
            updated_at="LastUpdateTime",
            excluded_accounts=lambda item: json.dumps(sorted(item.get("ExcludedAccounts", []))),
        )  # fmt: skip


def recorders(client: Any) -> Iterator[Row]:
    """Yield the configuration recorders and whether they record."""
    for one in client.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]:
        yield {"account": None, "region": client.meta.region_name} | columns(
            one, recorder="name", recording="recording",
            status="lastStatus", error="lastErrorMessage", changed_at="lastStatusChangeTime",
        )  # fmt: skip


def delivery_channels(client: Any) -> Iterator[Row]:
    """Yield the delivery channels and how the last delivery went."""
    answer = client.describe_delivery_channel_status()
    states = {one["name"]: one.get("configSnapshotDeliveryInfo") for one in answer["DeliveryChannelsStatus"]}
    for one in client.describe_delivery_channels()["DeliveryChannels"]:
        told = {**one, "Told": states.get(one["name"])}
        yield {"account": None, "region": client.meta.region_name} | columns(
            told, channel="name", bucket="s3BucketName",
            prefix="s3KeyPrefix", frequency="configSnapshotDeliveryProperties.deliveryFrequency",
            status="Told.lastStatus", delivered_at="Told.lastSuccessfulTime", error="Told.lastErrorMessage",
        )  # fmt: skip


def _calls_of_organization_rules(size: Size) -> dict[str, int]:
    many = pages(size.organization_rules, RULES_PAGE)
    return {"DescribeOrganizationConfigRules": many, "DescribeOrganizationConfigRuleStatuses": many}


def _calls_of_remediations(size: Size) -> dict[str, int]:
    return {
        "DescribeConfigRules": pages(size.rules, RULES_PAGE),
        "DescribeRemediationConfigurations": pages(size.rules, RULES_NAMED),
    }


def _calls_of_exceptions(size: Size) -> dict[str, int]:
    each = {"DescribeRemediationExceptions": size.remediations}
    return _calls_of_remediations(size) | each


def _calls_of_packs(size: Size) -> dict[str, int]:
    many = pages(size.packs, PACKS_PAGE)
    return {"DescribeConformancePacks": many, "DescribeConformancePackStatus": many}


def _calls_of_organization_packs(size: Size) -> dict[str, int]:
    return {"DescribeOrganizationConformancePacks": pages(size.organization_packs, ORGANIZATION_PACKS_PAGE)}


LISTINGS = (
    Listing(ORGANIZATION_RULES, _organization_rules, _calls_of_organization_rules, True),
    Listing(REMEDIATIONS, remediations, _calls_of_remediations, True),
    Listing(REMEDIATION_EXCEPTIONS, remediation_exceptions, _calls_of_exceptions, True),
    Listing(CONFORMANCE_PACKS, _conformance_packs, _calls_of_packs, True),
    Listing(ORGANIZATION_PACKS, _organization_packs, _calls_of_organization_packs, True),
    Listing(RECORDERS, recorders, lambda _: {"DescribeConfigurationRecorderStatus": 1}, True),
    Listing(
        DELIVERY_CHANNELS,
        delivery_channels,
        lambda _: {"DescribeDeliveryChannels": 1, "DescribeDeliveryChannelStatus": 1},
        True,
    ),
)
