"""What the real AWS answered passes through the collectors unchanged, served again over HTTP."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import boto3
import pytest

from aws_worlds import world
from governance.observation import config, config_exceptions, organizations, systems_manager
from governance.observation.datasets import ACCOUNTS, RULES
from governance.sandbox.aws import recorded, serve

LISTINGS = {
    "test_org_account_describe": (ACCOUNTS, organizations.LISTINGS),
    "test_toggle_config_managed_rule": (RULES, config.LISTINGS),
    "test_ops_item_get_resources": (systems_manager.OPS_ITEMS, systems_manager.LISTINGS),
    "test_ops_item_filter": (systems_manager.OPS_ITEMS, systems_manager.LISTINGS),
}
SESSION = boto3.Session("testing", "testing", region_name="us-east-1")


@pytest.fixture
def replayed(shared_data: Path):
    """Draw a dataset out of a folder of recordings."""

    def draw(folder: str) -> list[dict]:
        dataset, listings = LISTINGS[folder]
        listing = next(one for one in listings if one.dataset is dataset)
        with serve(world(), extra=recorded.handlers(shared_data / "aws_recorded" / folder)) as aws:
            client = SESSION.client(listing.service, endpoint_url=aws.url)
            return dataset.table(list(listing.rows(client))).to_pylist()

    return draw


def answers(shared_data: Path, folder: str, name: str) -> dict:
    _, content = recorded.read(shared_data / "aws_recorded" / folder / name)
    return content


def test_accounts_of_an_organization(replayed, shared_data):
    told = answers(shared_data, "test_org_account_describe", "organizations.ListAccounts_1.json")["Accounts"]
    found = {row["account"]: row for row in replayed("test_org_account_describe")}
    assert set(found) == {one["Id"] for one in told}
    for one in told:
        row = found[one["Id"]]
        assert (row["name"], row["email"]) == (one["Name"], one["Email"])
        assert row["state"] == (one.get("State") or one["Status"])
        assert row["joined_at"] == one["JoinedTimestamp"].astimezone(UTC)


def test_rules_of_an_account(replayed, shared_data):
    told = answers(shared_data, "test_toggle_config_managed_rule", "config.DescribeConfigRules_1.json")[
        "ConfigRules"
    ]
    found = {row["rule"]: row for row in replayed("test_toggle_config_managed_rule")}
    assert set(found) == {one["ConfigRuleName"] for one in told}
    for one in told:
        row = found[one["ConfigRuleName"]]
        assert (row["owner"], row["source_identifier"], row["state"]) == (
            one["Source"]["Owner"], one["Source"]["SourceIdentifier"], one["ConfigRuleState"],
        )  # fmt: skip
        assert row["creator"] == (one.get("CreatedBy") or "")
        assert row["account"] == one["ConfigRuleArn"].split(":")[4]


@pytest.mark.parametrize("folder", ["test_ops_item_get_resources", "test_ops_item_filter"])
def test_ops_items(replayed, shared_data, folder):
    told = answers(shared_data, folder, "ssm.DescribeOpsItems_1.json")["OpsItemSummaries"]
    found = {row["ops_item"]: row for row in replayed(folder)}
    assert {one["OpsItemId"]: (one["Title"], one["Status"]) for one in told} == {
        name: (row["title"], row["status"]) for name, row in found.items()
    }
    assert all(found[one["OpsItemId"]]["created_at"] == one["CreatedTime"] for one in told)


def test_remediations_of_a_rule(shared_data):
    folder = shared_data / "aws_recorded" / "test_toggle_config_managed_rule"
    _, told = recorded.read(folder / "config.DescribeRemediationConfigurations_1.json")
    with serve(world(), extra=recorded.handlers(folder)) as aws:
        found = list(config_exceptions.remediations(SESSION.client("config", endpoint_url=aws.url)))
    assert [(row["rule"], row["document"]) for row in found] == [
        (one["ConfigRuleName"], one["TargetId"]) for one in told["RemediationConfigurations"]
    ]
