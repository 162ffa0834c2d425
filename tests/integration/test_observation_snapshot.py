"""Observation against an AWS over HTTP: whole, refused, throttled, lost, and again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import boto3
import pandas as pd
import pytest
from botocore.config import Config
from sqlalchemy import Engine, text

from governance.errors import SourceUnavailableError
from governance.observation import observe as observation
from governance.observation import organizations
from governance.observation.items import item_of
from governance.observation.observe import (
    Approach,
    finish_snapshot,
    observe,
    observe_config_shard,
    observe_hub,
    plan_shards,
    start_snapshot,
)
from governance.observation.rates import ObservationPolicy
from governance.sandbox.aws import serve
from governance.sandbox.world import (
    EVALUATION_COLUMNS,
    RECORDER_COLUMNS,
    RULE_STATUS_COLUMNS,
    Account,
    Policy,
    Rule,
    Unit,
    World,
)
from reconciliation_worlds import NOW

HUB, PROD, DEV, CLOSED = "100000000001", "100000000002", "100000000003", "100000000004"
REGIONS = ("eu-central-1", "us-east-1")
FAST = Config(retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=2, read_timeout=10)


def small_world() -> World:
    account = [
        Account(HUB, "hub", "hub@example.com", "ACTIVE", "r-test", NOW - timedelta(days=900)),
        Account(PROD, "prod", "prod@example.com", "ACTIVE", "ou-test-aaaaaaaa", NOW - timedelta(days=800)),
        Account(DEV, "dev", "dev@example.com", "ACTIVE", "ou-test-bbbbbbbb", NOW - timedelta(days=700)),
        Account(CLOSED, "old", "old@example.com", "CLOSED", "r-test", NOW - timedelta(days=990)),
    ]
    rules = (
        Rule("encrypted", "AWS", "ENCRYPTED", ("AWS::S3::Bucket",)),
        Rule(
            "securityhub-public-1a2b3c4d", "AWS", "PUBLIC", ("AWS::S3::Bucket",), "securityhub.amazonaws.com"
        ),
    )
    places = [(a.id, region) for a in account if a.state == "ACTIVE" for region in REGIONS]
    evaluations = pd.DataFrame(
        [
            (a, region, rule.name, "AWS::S3::Bucket", f"bucket-{n}-{a}-{region}",
             "NON_COMPLIANT" if (n, rule.name) == (0, "encrypted") else "COMPLIANT", "", pd.Timestamp(NOW))
            for a, region in places for rule in rules for n in range(70)
        ], columns=list(EVALUATION_COLUMNS),
    )  # fmt: skip
    status = pd.DataFrame(
        [(a, region, rule.name, pd.Timestamp(NOW), pd.NaT, pd.Timestamp(NOW), "")
         for a, region in places for rule in rules], columns=list(RULE_STATUS_COLUMNS))  # fmt: skip
    recorders = pd.DataFrame(
        [(a, region, (a, region) != (DEV, "us-east-1"), "SUCCESS", pd.Timestamp(NOW)) for a, region in places
         if (a, region) != (PROD, "us-east-1")], columns=list(RECORDER_COLUMNS))  # fmt: skip
    return World(
        "o-test000001", "r-test", HUB, "eu-central-1", "organization-aggregator", REGIONS,
        (Unit("ou-test-aaaaaaaa", "Prod", "r-test", "Prod"), Unit("ou-test-bbbbbbbb", "Pay", "ou-test-aaaaaaaa", "Prod/Pay")),
        tuple(account),
        (Policy("p-test0001", "guard", "SERVICE_CONTROL_POLICY", {"Version": "2012-10-17", "Statement": []},
                ("ou-test-aaaaaaaa",)),),
        rules, evaluations, status, recorders, NOW,
    )  # fmt: skip


@pytest.fixture(scope="module")
def aws():
    with serve(small_world()) as handle:
        yield handle


class Hub(boto3.Session):
    url = ""

    def client(self, service, *args, **kwargs):
        return super().client(service, *args, endpoint_url=self.url, **kwargs)


class Observatory:
    def __init__(self, register: Engine, folder: Path, url: str) -> None:
        self.register, self.lake = register, folder / "lake"
        self.session = Hub("testing", "testing", region_name="eu-central-1")
        self.session.url = url

    def observe(self, now: datetime = NOW, **more):
        how = Approach(client_config=FAST)
        return observe(self.register, self.session, now=now, lake=str(self.lake), **{"approach": how, **more})

    def manifest(self, dataset: str) -> dict[tuple[str, str], str]:
        with self.register.connect() as connection:
            rows = connection.execute(
                text("SELECT account, region, status FROM snapshot_dataset WHERE dataset = :d ORDER BY 1, 2"),
                {"d": dataset},
            )
            return {(row.account, row.region): row.status for row in rows}

    def message(self, dataset: str) -> str:
        with self.register.connect() as connection:
            return connection.scalar(
                text("SELECT max(message) FROM snapshot_dataset WHERE dataset = :d"), {"d": dataset}
            )

    def table(self, dataset: str) -> pd.DataFrame:
        files = sorted(self.lake.glob(f"snapshots/*/{dataset}/*.parquet"))
        return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)

    def files(self) -> dict[str, tuple[bytes, int]]:
        files = (file for file in self.lake.rglob("*") if file.is_file())
        return {
            str(file.relative_to(self.lake)): (file.read_bytes(), file.stat().st_mtime_ns) for file in files
        }


@pytest.fixture
def observatory(register: Engine, tmp_path: Path, aws):
    aws.faults.clear()
    yield Observatory(register, tmp_path, aws.url)
    aws.faults.clear()


def test_a_snapshot_holds_what_aws_has(observatory: Observatory) -> None:
    observed = observatory.observe()
    assert (observed.snapshot_id, observed.status) == ("20261116T080000Z", "complete")
    assert observed.calls > 10
    accounts = observatory.table("organizations/accounts").set_index("account")
    assert accounts.units.to_dict() == {
        HUB: "r-test", PROD: "r-test/ou-test-aaaaaaaa", CLOSED: "r-test",
        DEV: "r-test/ou-test-aaaaaaaa/ou-test-bbbbbbbb"}  # fmt: skip
    assert accounts.state[CLOSED] == "CLOSED"
    assert set(observatory.table("organizations/units").path) == {"", "Prod", "Prod/Pay"}
    expected = small_world().evaluations
    found = observatory.table("config/evaluations")
    keys = ["account", "region", "rule", "resource_id", "compliance"]
    assert set(found[keys].itertuples(index=False)) == set(expected[keys].itertuples(index=False))
    assert dict(found[["rule", "creator"]].drop_duplicates().itertuples(index=False)) == {
        "encrypted": "", "securityhub-public-1a2b3c4d": "securityhub.amazonaws.com"}  # fmt: skip
    assert "p-test0001" in set(observatory.table("organizations/policies").policy)
    targets = observatory.table("organizations/policy_targets")
    assert "ou-test-aaaaaaaa" in set(targets[targets.policy == "p-test0001"].target)


def test_the_manifest_names_every_active_account_in_every_region(observatory: Observatory) -> None:
    observatory.observe()
    assert observatory.manifest("evaluations") == {
        (HUB, "eu-central-1"): "COMPLETE", (HUB, "us-east-1"): "COMPLETE",
        (PROD, "eu-central-1"): "COMPLETE", (PROD, "us-east-1"): "FAILED",
        (DEV, "eu-central-1"): "COMPLETE", (DEV, "us-east-1"): "STALE",
    }  # fmt: skip


def test_the_same_instant_again_asks_nothing_and_writes_nothing(observatory: Observatory, aws) -> None:
    observatory.observe()
    before, calls = observatory.files(), sum(aws.faults.calls.values())
    observatory.observe()
    assert observatory.files() == before
    assert sum(aws.faults.calls.values()) == calls


def test_the_same_aws_gives_the_same_bytes_however_it_pages(
    observatory: Observatory, tmp_path, register
) -> None:
    observatory.observe()
    first = {path: content for path, (content, _) in observatory.files().items()}
    with register.begin() as connection:
        connection.execute(text("TRUNCATE snapshot CASCADE"))
    observatory.lake = tmp_path / "elsewhere"
    observatory.observe()
    assert {path: content for path, (content, _) in observatory.files().items()} == first


def test_empty_pages_with_a_token_lose_nothing(observatory: Observatory, aws) -> None:
    aws.faults.empty_page("config:*", times=6)
    aws.faults.empty_page("organizations:*", times=3)
    observatory.observe()
    assert len(observatory.table("config/evaluations")) == len(small_world().evaluations)
    assert len(observatory.table("organizations/accounts")) == 4


def test_throttles_are_retried_and_counted(observatory: Observatory, aws) -> None:
    aws.faults.throttle("organizations:ListAccounts", times=1)
    observed = observatory.observe()
    assert observed.throttles == 1
    assert observatory.manifest("accounts") == {("*", "*"): "COMPLETE"}


def test_what_is_denied_is_named_and_collected_once_it_is_allowed(observatory: Observatory, aws) -> None:
    aws.faults.deny("organizations:ListPolicies")
    aws.faults.deny("config:DescribeConfigRules")
    observed = observatory.observe()
    assert observed.status == "complete"
    assert observatory.manifest("policies") == {("*", "*"): "FAILED"}
    assert "ListPolicies: AccessDenied" in observatory.message("policies")
    assert observatory.manifest("rules") == {("*", "eu-central-1"): "FAILED"}
    aws.faults.clear()
    observatory.observe()
    assert observatory.manifest("policies") == {("*", "*"): "COMPLETE"}
    assert observatory.manifest("rules") == {("*", "eu-central-1"): "COMPLETE"}


def test_a_query_that_breaks_off_is_partial_and_only_its_shard_is_asked_again(
    observatory: Observatory, register: Engine, aws
) -> None:
    lake = str(observatory.lake)
    snapshot = start_snapshot(register, now=NOW, lake=lake)
    more = {"lake": lake, "approach": Approach(client_config=FAST)}
    observe_hub(register, observatory.session, snapshot, **more)
    first, second = plan_shards(register, snapshot, lake=lake, shards=2)
    observe_config_shard(register, observatory.session, snapshot, first, **more)
    whole = observatory.files()
    aws.faults.deny("config:SelectAggregateResourceConfig")
    observe_config_shard(register, observatory.session, snapshot, second, **more)
    assert finish_snapshot(register, snapshot, now=NOW).gaps > 0
    told = observatory.manifest("evaluations")
    assert (told[HUB, "eu-central-1"], told[DEV, "eu-central-1"]) == ("COMPLETE", "FAILED")
    aws.faults.clear()
    for shard in plan_shards(register, snapshot, lake=lake, shards=7):
        observe_config_shard(register, observatory.session, snapshot, shard, **more)
    assert observatory.manifest("evaluations")[DEV, "eu-central-1"] == "COMPLETE"
    assert len(observatory.table("config/evaluations")) == len(small_world().evaluations)
    now = observatory.files()
    assert {path: now[path] for path in whole} == whole, "a complete part is not written again"


def test_an_aws_that_does_not_answer_is_said_in_one_line_and_the_next_run_finishes(
    observatory: Observatory,
) -> None:
    url, observatory.session.url = observatory.session.url, "http://127.0.0.1:9"
    with pytest.raises(SourceUnavailableError, match=r"^AWS could not be asked: .*$"):
        observatory.observe()
    observatory.session.url = url
    assert observatory.observe().status == "complete"


def test_what_hardly_changes_is_asked_for_once_a_day(observatory: Observatory, aws) -> None:
    def hub(hours: int, **policy) -> None:
        now, lake = NOW + timedelta(hours=hours), str(observatory.lake)
        snapshot = start_snapshot(observatory.register, now=now, lake=lake)
        told = ObservationPolicy(calls_per_second={"default": 5}, **policy)
        how = Approach(policy=told)
        observe_hub(observatory.register, observatory.session, snapshot, lake=lake, approach=how)

    daily = ("tag:GetResources", "organizations:ListAccounts", "organizations:ListTargetsForPolicy",
             "controltower:ListEnabledControls", "servicecatalog:ListPortfolioAccess")  # fmt: skip
    every_run = ("config:DescribeConfigRules", "config:DescribeConfigurationAggregatorSourcesStatus",
                 "servicecatalog:SearchProvisionedProducts", "ssm:DescribeAutomationExecutions")  # fmt: skip
    hub(0)
    first = dict(aws.faults.calls)
    hub(18)
    assert {name: aws.faults.calls[name] for name in daily} == {name: first.get(name, 0) for name in daily}
    assert {name: aws.faults.calls[name] for name in every_run} == {n: 2 * first[n] for n in every_run}
    with observatory.register.connect() as connection:
        places = connection.execute(
            text("SELECT DISTINCT region FROM snapshot_dataset WHERE dataset = 'enabled_controls'")
        ).scalars().all()  # fmt: skip
    assert len(places) == 1, "it stands at the region of its listing"
    with observatory.register.connect() as connection:
        rows = connection.execute(
            text("SELECT status, evidence_at FROM snapshot_dataset WHERE dataset = 'tags'")
        ).all()
    assert {tuple(row) for row in rows} == {("COMPLETE", NOW)}, "it says as of when it is known"
    for file in observatory.lake.glob("snapshots/*/organizations/tags/all.parquet"):
        file.write_bytes(b"changed")
    hub(19)
    assert aws.faults.calls["tag:GetResources"] == 2, "a changed file is not taken over"
    hub(20, daily=())
    assert aws.faults.calls["tag:GetResources"] == 3, "a policy may have it asked for in every run"
    hub(44)
    assert aws.faults.calls["tag:GetResources"] == 4


def test_gaps_are_told_in_words(observatory: Observatory) -> None:
    observatory.observe()
    told = {
        gap["status"]: gap["message"] for gap in observation.gaps(observatory.register, "20261116T080000Z")
    }
    assert "not opted in" in told["FAILED"]
    assert "OUTDATED" in told["STALE"]


def test_status_is_read_where_state_is_absent(observatory: Observatory) -> None:
    class Old:
        def get_paginator(self, operation):
            return self

        def paginate(self, **arguments):
            if arguments.get("ParentId"):
                return [{"Accounts": [{"Id": PROD}]}] if arguments["ParentId"] == "r-old" else [{}]
            return [{"Accounts": [{"Id": PROD, "Status": "SUSPENDED"}], "Roots": [{"Id": "r-old"}]}]

    [row] = organizations._accounts(Old())
    assert (row["state"], row["units"]) == ("SUSPENDED", "r-old")


def test_configuration_may_be_text_and_each_rule_is_judged_by_itself() -> None:
    configuration = {
        "targetResourceType": "AWS::S3::Bucket", "targetResourceId": "b", "complianceType": "NON_COMPLIANT",
        "configRuleList": [{"configRuleName": n, "complianceType": c} for n, c in
                           (("x", "NON_COMPLIANT"), ("y", "COMPLIANT"), ("z", "INSUFFICIENT_DATA"))],
    }  # fmt: skip
    item = {"accountId": PROD, "awsRegion": "eu-central-1"}
    place = (PROD, "eu-central-1")
    as_object = item_of({**item, "configuration": configuration}, place, {"x": ""}).rows
    as_text = item_of({**item, "configuration": json.dumps(configuration)}, place, {"x": ""}).rows
    assert as_text == as_object
    assert [(row["rule"], row["compliance"], row["creator"]) for row in as_object] == [
        ("x", "NON_COMPLIANT", ""), ("y", "COMPLIANT", None)]  # fmt: skip


def test_the_shards_of_a_snapshot_stay_as_they_were_cut(observatory: Observatory, register: Engine) -> None:
    observatory.observe(shards=3)
    assert [
        s["of"] for s in plan_shards(register, "20261116T080000Z", lake=str(observatory.lake), shards=9)
    ] == [3] * 3
    with pytest.raises(Exception, match="is not cut into 9 shards"):
        observe_config_shard(
            register,
            observatory.session,
            "20261116T080000Z",
            {"shard": 0, "of": 9},
            lake=str(observatory.lake),
        )
