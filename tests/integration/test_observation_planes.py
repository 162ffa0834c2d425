"""The live exceptions of every plane, as AWS tells them over HTTP."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.config import Config

from aws_planes import PROD_UNIT, USER
from aws_worlds import BUCKET, HOME, HUB, NOW, PAYMENTS, world
from governance.observation import permissions, plan
from governance.observation.datasets import Dataset
from governance.observation.observe import Approach, gaps, observe
from governance.sandbox.aws import serve


@pytest.fixture(scope="module")
def aws():
    with serve(world()) as handle:
        yield handle


@pytest.fixture(scope="module")
def seen(aws):
    """Every dataset's rows, drawn once and held to its schema."""
    session = boto3.Session("testing", "testing", region_name=HOME)
    rows = {}
    for listing in plan.LISTINGS:
        client = session.client(listing.service, endpoint_url=aws.url, region_name=listing.region)
        rows[listing.dataset.service, listing.dataset.name] = _rows(
            listing.dataset, list(listing.rows(client))
        )
    return rows


def _rows(dataset: Dataset, rows: list[dict]) -> list[dict]:
    assert all(set(row) == set(dataset.schema.names) for row in rows), dataset.name
    return dataset.table(rows).to_pylist()


def test_every_dataset_of_the_five_services_holds_something(seen):
    assert {service for service, _ in seen} == {
        "organizations", "config", "controltower", "servicecatalog", "ssm"
    }  # fmt: skip
    assert not [name for name, rows in seen.items() if not rows]


def test_a_controls_parameters_and_its_drift_are_told_control_by_control(seen):
    controls = seen["controltower", "enabled_controls"]
    assert len(controls) == 70
    exempting = [json.loads(row["parameters"]) for row in controls if row["parameters"] != "{}"]
    assert exempting == [{"ExemptedPrincipalArns": [USER]}]
    assert {row["drift"] for row in controls} == {"IN_SYNC", "NOT_CHECKING"}
    assert sum(row["target"] == PROD_UNIT for row in controls) == 68


def test_baselines_include_those_that_accounts_inherit(seen):
    assert [row["parent"] is not None for row in seen["controltower", "enabled_baselines"]].count(True) == 1


def test_records_and_products_are_those_of_the_whole_account(seen):
    assert len(seen["servicecatalog", "records"]) == 45
    assert len(seen["servicecatalog", "provisioned_products"]) == 45
    assert seen["servicecatalog", "shares"] == [{"portfolio": "port-1", "account": PAYMENTS}]
    assert seen["servicecatalog", "constraints"][0]["type"] == "LAUNCH"


def test_excluded_accounts_and_remediation_exceptions_are_live_exceptions(seen):
    [rule] = seen["config", "organization_rules"]
    assert json.loads(rule["excluded_accounts"]) == [PAYMENTS]
    [kept] = seen["config", "remediation_exceptions"]  # the expired one is gone at AWS itself
    assert (kept["account"], kept["rule"], kept["resource_type"], kept["resource_id"]) == (
        HUB, "s3-private", BUCKET, "bucket-live"
    )  # fmt: skip
    assert kept["expires_at"] > NOW


def test_tags_of_the_organization_take_one_call_for_a_hundred(seen):
    assert seen["organizations", "tags"] == [
        {"kind": "account", "resource": PAYMENTS, "key": "stage", "value": "prod"}
    ]


def test_calendars_documents_and_ops_items_are_read(seen):
    states = {row["calendar"].rpartition("/")[2]: row["state"] for row in seen["ssm", "calendars"]}
    assert states == {"freeze": "CLOSED", "free": "OPEN"}
    assert len(seen["ssm", "ops_items"]) == 60
    document = next(row for row in seen["ssm", "documents"] if row["type"] == "Automation")
    assert (document["version"], document["hash"]) == ("3", "ab" * 32)


class Session(boto3.Session):
    url = ""

    def client(self, service, *args, **more):
        return super().client(service, *args, endpoint_url=self.url, **more)


def unknown_after_a_run(aws, register, lake) -> dict[tuple[str, str], str]:
    """Observe everything once; return what is not known, place by place aside, and forget the faults."""
    session = Session("testing", "testing", region_name=HOME)
    session.url = aws.url
    try:
        done = observe(
            register,
            session,
            now=NOW,
            lake=str(lake),
            approach=Approach(client_config=Config(retries={"total_max_attempts": 1})),
        )
    finally:
        aws.faults.clear()
    found = gaps(register, done.snapshot_id)
    return {(gap["service"], gap["dataset"]): gap["message"] for gap in found}


def test_the_generated_policy_allows_a_whole_run(aws, register, tmp_path):
    """AWS is told to allow exactly what `governance iam` prints."""
    allowed = sorted(permissions.allowed(permissions.hub_policy()))
    aws.faults.allow_only(*allowed)
    refused = [m for m in unknown_after_a_run(aws, register, tmp_path).values() if "AccessDenied" in m]
    assert refused == []


def test_without_one_action_of_the_policy_its_dataset_says_so(aws, register, tmp_path):
    allowed = permissions.allowed(permissions.hub_policy()) - {"ssm:GetCalendarState"}
    aws.faults.allow_only(*allowed)
    missing = unknown_after_a_run(aws, register, tmp_path)
    assert "GetCalendarState: AccessDeniedException" in missing["ssm", "calendars"]


def test_what_is_denied_is_denied_for_its_dataset_alone(aws, register, tmp_path):
    aws.faults.deny("controltower:GetEnabledControl")
    missing = unknown_after_a_run(aws, register, tmp_path)
    assert {service for service, _ in missing} <= {"controltower", "config"}
    assert "GetEnabledControl: AccessDeniedException" in missing["controltower", "enabled_controls"]
